import type { Histogram } from "./transform";

export interface HeatCell {
  readonly column: number;
  readonly slot: number;
  readonly events: number;
}

export interface HeatMap {
  readonly first: number;
  /** Seconds that one column stands for. */
  readonly step: number;
  readonly columns: number;
  readonly highest: number;
  readonly cells: readonly HeatCell[];
}

/** The seconds on record as columns of slots, several seconds to a column when there are more than fit. */
export function heatMap({ bySecond, step: own }: Histogram, most: number): HeatMap | null {
  const seconds = [...bySecond.keys()];
  if (seconds.length === 0 || most < 1) return null;
  const [first, last] = [Math.min(...seconds), Math.max(...seconds)];
  const step = own * Math.max(1, Math.ceil(((last - first) / own + 1) / most));
  const sums = new Map<number, HeatCell>();
  let highest = 0;
  for (const [second, counts] of bySecond) {
    const column = Math.floor((second - first) / step);
    counts.forEach((events, slot) => {
      if (events === 0) return;
      const id = column * 64 + slot;
      const total = (sums.get(id)?.events ?? 0) + events;
      sums.set(id, { column, slot, events: total });
      highest = Math.max(highest, total);
    });
  }
  return { first, step, columns: Math.floor((last - first) / step) + 1, highest, cells: [...sums.values()] };
}

/** Strength of a cell, 0 to 1: by square root, so that rare slow calls stay visible beside many fast ones. */
export function strength(events: number, highest: number): number {
  return highest <= 0 ? 0 : Math.sqrt(events / highest);
}
