export const SPARK = { width: 120, height: 18 } as const;

/** Points of a sparkline: oldest on the left, the highest value at the top. */
export function sparkline(history: readonly number[], { width, height } = SPARK): string {
  const highest = Math.max(1, ...history);
  const step = width / Math.max(1, history.length - 1);
  return history.map((value, i) => `${(i * step).toFixed(1)},${(height - 1 - (value / highest) * (height - 2)).toFixed(1)}`).join(" ");
}

/** Length of a bar in percent of the longest. */
export function barPercent(value: number, highest: number): number {
  return highest <= 0 ? 0 : Math.max(0, Math.min(100, (value / highest) * 100));
}
