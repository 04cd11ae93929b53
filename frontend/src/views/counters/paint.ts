import { clockSeconds } from "../../format/clock";
import { seriesToken, type Surface } from "../../ui/canvas";
import { type Frame, unbroken } from "./layout";
import type { Series } from "./transform";

export const PLOT = { left: 76, right: 10, top: 8, bottom: 18 } as const;

export interface Line {
  readonly series: Series;
  readonly color: number;
}

/** The moment under a point of the canvas. */
export function momentAt(x: number, width: number, { from, to }: Frame): number {
  const share = (x - PLOT.left) / Math.max(1, width - PLOT.left - PLOT.right);
  return from + Math.max(0, Math.min(1, share)) * (to - from);
}

interface Chart {
  readonly frame: Frame;
  readonly lines: readonly Line[];
  readonly place: number;
  readonly step: number;
  readonly cursor: number | null;
  readonly text: (value: number) => string;
}

export function paintChart(surface: Surface, { frame, lines, place, step, cursor, text }: Chart): void {
  const { context, width, height, color } = surface;
  const x = (at: number): number => PLOT.left + ((at - frame.from) / (frame.to - frame.from)) * (width - PLOT.left - PLOT.right);
  const y = (value: number): number => height - PLOT.bottom - (value / frame.top) * (height - PLOT.bottom - PLOT.top);
  paintAxes(surface, frame, x, y, text);
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  for (const line of lines) {
    context.strokeStyle = color(seriesToken(line.color));
    context.fillStyle = color(seriesToken(line.color));
    for (const points of unbroken(line.series.points, step)) {
      context.beginPath();
      for (const point of points) context.lineTo(x(point.at), y(point.values[place] ?? 0));
      context.stroke();
      const [only] = points;
      if (points.length === 1 && only !== undefined) context.fillRect(x(only.at) - 1.5, y(only.values[place] ?? 0) - 1.5, 3, 3);
    }
  }
  if (cursor === null) return;
  context.fillStyle = color("ink-3");
  context.fillRect(x(cursor), PLOT.top, 1, height - PLOT.bottom - PLOT.top);
}

const LINES = 4;

function paintAxes(
  { context, width, height, color }: Surface,
  frame: Frame,
  x: (at: number) => number,
  y: (value: number) => number,
  text: (value: number) => string,
): void {
  context.font = "10px IBM Plex Mono, monospace";
  context.textAlign = "right";
  for (let line = 0; line <= LINES; line += LINES / 2) {
    const value = (frame.top * line) / LINES;
    context.fillStyle = color("graticule");
    context.fillRect(PLOT.left, y(value), width - PLOT.left - PLOT.right, 1);
    context.fillStyle = color("ink-3");
    context.fillText(text(value), PLOT.left - 8, y(value) + 3);
  }
  context.textAlign = "left";
  const labels = Math.max(1, Math.floor((width - PLOT.left) / 140));
  for (let label = 0; label < labels; label++) {
    const at = frame.from + ((frame.to - frame.from) * label) / labels;
    context.fillText(clockSeconds(Math.floor(at / 1000)), x(at), height - 5);
  }
}
