import type { Surface } from "../../ui/canvas";
import { type Box, FRAME_HEIGHT } from "./layout";
import { type Frame, isKernel, shortName } from "./transform";

export interface FlameMarks {
  readonly selected: Frame | null;
  readonly zoom: Frame;
  /** Frames that a search found; null without a search. */
  readonly found: ((frame: Frame) => boolean) | null;
}

const CHARACTER = 6.7;
const PADDING = 5;

export function paintFlames(surface: Surface, boxes: readonly Box[], marks: FlameMarks): void {
  const { context, color } = surface;
  const shades = {
    user: color("flame-user"),
    kernel: color("flame-kernel"),
    root: color("line-strong"),
    found: color("flame-found"),
    ink: color("flame-ink"),
    accent: color("accent"),
    rootInk: color("ink"),
  };
  context.font = "11px IBM Plex Mono, monospace";
  context.textBaseline = "middle";
  for (const box of boxes) {
    const { frame, x, row } = box;
    const width = Math.max(0.5, box.width - (box.width > 3 ? 1 : 0));
    const y = row * FRAME_HEIGHT;
    const found = marks.found?.(frame) ?? false;
    context.globalAlpha = frame.depth < marks.zoom.depth ? 0.45 : marks.found !== null && !found ? 0.35 : 1;
    context.fillStyle = found ? shades.found : frame.depth === 0 ? shades.root : isKernel(frame) ? shades.kernel : shades.user;
    context.fillRect(x, y, width, FRAME_HEIGHT - 1);
    context.globalAlpha *= tint(frame.name);
    context.fillStyle = "#000";
    context.fillRect(x, y, width, FRAME_HEIGHT - 1);
    context.globalAlpha = 1;
    paintName(context, box, frame.depth === 0 ? shades.rootInk : shades.ink);
    if (frame === marks.selected) {
      context.strokeStyle = shades.accent;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, Math.max(1, width - 2), FRAME_HEIGHT - 3);
    }
  }
}

/** A little darker or lighter by name, so that neighbours can be told apart. */
function tint(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
  return (Math.abs(hash) % 5) * 0.035;
}

function paintName(context: CanvasRenderingContext2D, { frame, x, width, row }: Box, ink: string): void {
  const room = Math.floor((width - 2 * PADDING) / CHARACTER);
  if (room < 3) return;
  const name = shortName(frame);
  context.fillStyle = ink;
  context.fillText(name.length <= room ? name : `${name.slice(0, room - 1)}…`, x + PADDING, row * FRAME_HEIGHT + FRAME_HEIGHT / 2);
}
