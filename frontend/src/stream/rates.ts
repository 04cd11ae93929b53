/** Rows per second of wall clock and run, for the timeline. Bounded: the oldest seconds go first. */

const KEPT_SECONDS = 3600;

export class Rates {
  private readonly bins = new Map<number, (number | undefined)[]>();
  version = 0;

  constructor(private readonly keptSeconds = KEPT_SECONDS) {}

  add(run: number, wallNs: bigint, rows: number): void {
    const second = Number(wallNs / 1_000_000_000n);
    let bin = this.bins.get(second);
    if (bin === undefined) {
      bin = [];
      this.bins.set(second, bin);
      this.trim();
    }
    bin[run] = (bin[run] ?? 0) + rows;
    this.version++;
  }

  at(second: number): readonly (number | undefined)[] {
    return this.bins.get(second) ?? [];
  }

  total(second: number): number {
    return this.at(second).reduce<number>((sum, rows) => sum + (rows ?? 0), 0);
  }

  /** First and last second with rows; null before the first row. */
  get span(): { first: number; last: number } | null {
    if (this.bins.size === 0) return null;
    let first = Infinity;
    let last = -Infinity;
    for (const second of this.bins.keys()) {
      first = Math.min(first, second);
      last = Math.max(last, second);
    }
    return { first, last };
  }

  private trim(): void {
    while (this.bins.size > this.keptSeconds) {
      const span = this.span;
      if (span === null) return;
      this.bins.delete(span.first);
    }
  }
}
