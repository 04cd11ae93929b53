import type { Point, Series } from "./transform";

export interface Frame {
  readonly from: number;
  readonly to: number;
  readonly top: number;
}

/** The time that all series span, and a round number above the highest value. */
export function frameOf(list: readonly Series[], place: number, most: number | null): Frame {
  let [from, to, highest] = [Infinity, -Infinity, 0];
  for (const { points } of list) {
    from = Math.min(from, points[0]?.at ?? Infinity);
    to = Math.max(to, points.at(-1)?.at ?? -Infinity);
    for (const { values } of points) highest = Math.max(highest, values[place] ?? 0);
  }
  return { from, to: Math.max(to, from + 1), top: most ?? roundUp(highest) };
}

/** The next of 1, 2, 5, 10, 20 … */
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((candidate) => candidate * power >= value * (1 - 1e-9)) ?? 10;
  return step * power;
}

/** Points that belong to one line: a gap of more than three steps starts another. */
export function unbroken(points: readonly Point[], step: number): Point[][] {
  const lines: Point[][] = [];
  points.forEach((point, place) => {
    const before = points[place - 1];
    if (before === undefined || point.at - before.at > 3 * step) lines.push([point]);
    else lines.at(-1)?.push(point);
  });
  return lines;
}
