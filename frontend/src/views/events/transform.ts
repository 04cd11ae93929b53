import type { Chunk } from "../../stream/chunk";
import type { Matcher } from "./predicate";

export interface RowRef {
  readonly chunk: Chunk;
  readonly row: number;
}

/**
 * Rows of a grid by index, filtered or not, over the chunks that are kept. Indices are absolute: they go on counting when the
 * oldest rows are dropped, so that a row keeps its place under the reader's eyes.
 */
export class GridRows {
  private readonly matches = new WeakMap<Chunk, Uint32Array>();
  private chunks: readonly Chunk[] = [];
  private ends: number[] = [];
  private dropped = 0;
  /** Index of the oldest row at hand. */
  first = 0;
  /** Rows at hand. */
  count = 0;
  /** Chunks that the filter has not looked at yet. */
  pending = 0;

  constructor(private readonly matcher: Matcher | null) {}

  /** Take over the chunks of now. Filters the newest first, and stops after `budgetMs`; call again while `pending`. */
  update(chunks: readonly Chunk[], dropped: number, budgetMs = 6, clock: () => number = () => performance.now()): void {
    this.leave(dropped);
    this.chunks = chunks;
    this.filterNewestFirst(clock() + budgetMs, clock);
    let total = 0;
    this.ends = chunks.map((chunk) => (total += this.length(chunk)));
    this.count = total;
  }

  get end(): number {
    return this.first + this.count;
  }

  at(index: number): RowRef | null {
    const wanted = index - this.first;
    if (wanted < 0 || wanted >= this.count) return null;
    const place = firstAbove(this.ends, wanted);
    const chunk = this.chunks[place];
    if (chunk === undefined) return null;
    const offset = wanted - (place === 0 ? 0 : (this.ends[place - 1] ?? 0));
    const row = this.matcher === null ? offset : this.matches.get(chunk)?.[offset];
    return row === undefined ? null : { chunk, row };
  }

  private length(chunk: Chunk): number {
    return this.matcher === null ? chunk.rows : (this.matches.get(chunk)?.length ?? 0);
  }

  /** Rows that went from the front of the old chunks move the first index on by as many as passed the filter. */
  private leave(dropped: number): void {
    let rows = dropped - this.dropped;
    this.dropped = dropped;
    if (this.matcher === null) {
      this.first = dropped;
      return;
    }
    for (const chunk of this.chunks) {
      if (rows < chunk.rows) return;
      rows -= chunk.rows;
      this.first += this.length(chunk);
    }
  }

  private filterNewestFirst(deadline: number, clock: () => number): void {
    this.pending = 0;
    if (this.matcher === null) return;
    for (let i = this.chunks.length - 1; i >= 0; i--) {
      const chunk = this.chunks[i] as Chunk;
      if (this.matches.has(chunk)) continue;
      if (clock() > deadline) this.pending++;
      else this.matches.set(chunk, this.matcher(chunk));
    }
  }
}

/** Index of the first of ascending `ends` above `value`. */
function firstAbove(ends: readonly number[], value: number): number {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
