import type { Rates } from "../../stream/rates";

export interface TimelineBin {
  /** Seconds of wall clock, from inclusive, to exclusive. */
  readonly from: number;
  readonly to: number;
  readonly rate: number;
  readonly byRun: readonly (number | undefined)[];
}

/** The seconds on record, several to a bin when there are more than fit. */
export function timelineBins(rates: Rates, most: number): TimelineBin[] {
  const { span } = rates;
  if (span === null || most <= 0) return [];
  const seconds = span.last - span.first + 1;
  const step = Math.max(1, Math.ceil(seconds / most));
  const bins: TimelineBin[] = [];
  for (let from = span.first; from <= span.last; from += step) bins.push(bin(rates, from, step));
  return bins;
}

function bin(rates: Rates, from: number, step: number): TimelineBin {
  const byRun: (number | undefined)[] = [];
  for (let second = from; second < from + step; second++) {
    rates.at(second).forEach((rows, run) => (byRun[run] = (byRun[run] ?? 0) + (rows ?? 0) / step));
  }
  return { from, to: from + step, rate: byRun.reduce<number>((sum, rows) => sum + (rows ?? 0), 0), byRun };
}
