import { type Chunk, concat, take } from "./chunk";

/** Chunks smaller than this are joined, so that a slow stream does not end as a million tiny objects. */
const JOIN_BELOW = 16_384;

export interface Bounds {
  readonly rows: number;
  readonly bytes: number;
}

export const KEPT: Bounds = { rows: 2_000_000, bytes: 512 * 1024 * 1024 };

/**
 * The newest rows of one stream, oldest first. Rows of one run stay in the order in which the run sent them; rows of several
 * runs are merged by wall clock. Bounded: the oldest chunks go first, and `dropped` says how many rows went with them.
 */
export class Rows {
  private list: Chunk[] = [];
  private keptRows = 0;
  private keptBytes = 0;
  dropped = 0;
  version = 0;

  constructor(private readonly bounds: Bounds = KEPT) {}

  get chunks(): readonly Chunk[] {
    return this.list;
  }

  get rows(): number {
    return this.keptRows;
  }

  add(chunk: Chunk): void {
    if (chunk.rows === 0) return;
    this.keptRows += chunk.rows;
    this.keptBytes += chunk.bytes;
    this.list = chunk.order === null ? [...this.list, chunk] : insertByTime(this.list, chunk);
    this.joinTail();
    this.trim();
    this.version++;
  }

  private joinTail(): void {
    while (this.list.length > 1) {
      const last = this.list[this.list.length - 1] as Chunk;
      const before = this.list[this.list.length - 2] as Chunk;
      if (before.rows > 2 * last.rows || before.rows + last.rows > JOIN_BELOW) return;
      this.list.splice(this.list.length - 2, 2, concat([before, last]));
    }
  }

  private trim(): void {
    let gone = 0;
    while (this.list.length - gone > 1 && (this.keptRows > this.bounds.rows || this.keptBytes > this.bounds.bytes)) {
      const oldest = this.list[gone] as Chunk;
      this.keptRows -= oldest.rows;
      this.keptBytes -= oldest.bytes;
      this.dropped += oldest.rows;
      gone++;
    }
    if (gone > 0) this.list.splice(0, gone);
  }
}

/** Merge a chunk into chunks sorted by `order`; only those that overlap it in time are copied. */
export function insertByTime(list: readonly Chunk[], chunk: Chunk): Chunk[] {
  const [from, to] = [firstOrder(chunk), lastOrder(chunk)];
  let end = list.length;
  while (end > 0 && firstOrder(list[end - 1] as Chunk) > to) end--;
  let start = end;
  while (start > 0 && lastOrder(list[start - 1] as Chunk) > from) start--;
  if (start === end) return [...list.slice(0, start), chunk, ...list.slice(end)];
  return [...list.slice(0, start), ...split(merged(list.slice(start, end), chunk)), ...list.slice(end)];
}

/** `list` is in order already and so is `chunk`: one pass. On equal times the lower run goes first, then the older row. */
function merged(list: readonly Chunk[], chunk: Chunk): Chunk {
  const whole = concat([...list, chunk]);
  const order = whole.order as Float64Array;
  const picks = new Uint32Array(whole.rows);
  let left = 0;
  let right = whole.rows - chunk.rows;
  const leftEnd = right;
  for (let i = 0; i < picks.length; i++) {
    const takeLeft = right >= whole.rows || (left < leftEnd && before(whole, order, left, right));
    picks[i] = takeLeft ? left++ : right++;
  }
  return take(whole, picks);
}

function before(whole: Chunk, order: Float64Array, older: number, newer: number): boolean {
  const difference = (order[older] ?? 0) - (order[newer] ?? 0);
  return difference !== 0 ? difference < 0 : (whole.runs[older] ?? 0) <= (whole.runs[newer] ?? 0);
}

function split(chunk: Chunk): Chunk[] {
  if (chunk.rows <= 2 * JOIN_BELOW) return [chunk];
  const parts: Chunk[] = [];
  for (let at = 0; at < chunk.rows; at += JOIN_BELOW) {
    const length = Math.min(JOIN_BELOW, chunk.rows - at);
    parts.push(take(chunk, Uint32Array.from({ length }, (_, i) => at + i)));
  }
  return parts;
}

function firstOrder(chunk: Chunk): number {
  return chunk.order?.[0] ?? 0;
}

function lastOrder(chunk: Chunk): number {
  return chunk.order?.[chunk.rows - 1] ?? 0;
}
