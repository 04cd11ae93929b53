import { clockSeconds } from "../../format/clock";
import type { Surface } from "../../ui/canvas";
import { type HeatMap, strength } from "./layout";

export const CELL = { width: 8, left: 64, bottom: 18 } as const;

export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

/** Time to the right, slow at the top. */
export function paintHeat(surface: Surface, heat: HeatMap, slots: SlotRange, label: (slot: number) => string): void {
  const { context, height, color } = surface;
  const rows = slots.last - slots.first + 1;
  const cellHeight = (height - CELL.bottom) / rows;
  context.fillStyle = color("accent");
  for (const { column, slot, events } of heat.cells) {
    if (slot < slots.first || slot > slots.last) continue;
    context.globalAlpha = 0.12 + 0.88 * strength(events, heat.highest);
    context.fillRect(CELL.left + column * CELL.width, (slots.last - slot) * cellHeight, CELL.width - 1, Math.max(1, cellHeight - 1));
  }
  context.globalAlpha = 1;
  paintAxes(surface, heat, slots, cellHeight, label);
}

function paintAxes(
  { context, width, height, color }: Surface,
  heat: HeatMap,
  slots: SlotRange,
  cellHeight: number,
  label: (slot: number) => string,
): void {
  context.fillStyle = color("ink-3");
  context.font = "10px IBM Plex Mono, monospace";
  context.textAlign = "right";
  const every = Math.max(1, Math.ceil(14 / cellHeight));
  for (let slot = slots.first; slot <= slots.last; slot += every) {
    context.fillText(label(slot), CELL.left - 8, (slots.last - slot + 1) * cellHeight - 2);
  }
  context.textAlign = "left";
  for (let column = 0; column < heat.columns; column += 15) {
    const x = CELL.left + column * CELL.width;
    if (x + 60 < width) context.fillText(clockSeconds(heat.first + column * heat.step), x, height - 5);
  }
}

/** The column and slot under a point; null beside the map. */
export function cellAt(x: number, y: number, height: number, slots: SlotRange): { column: number; slot: number } | null {
  const cellHeight = (height - CELL.bottom) / (slots.last - slots.first + 1);
  if (x < CELL.left || y >= height - CELL.bottom) return null;
  return { column: Math.floor((x - CELL.left) / CELL.width), slot: slots.last - Math.floor(y / cellHeight) };
}
