import { type Chunk, concat, slice, take } from "./chunk";

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
    if (chunk.order === null) this.list = joinLeft([...this.list, chunk], this.list.length);
    else this.list = insertByTime(this.list, chunk);
    this.trim();
    this.version++;
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

/** Join the chunk at `index` with its left neighbours while they are small, as a list of ever larger ones: few copies a row. */
function joinLeft(list: Chunk[], index: number): Chunk[] {
  for (let at = index; at > 0; at--) {
    const [before, own] = [list[at - 1] as Chunk, list[at] as Chunk];
    if (before.rows > 2 * own.rows || before.rows + own.rows > JOIN_BELOW) return list;
    list.splice(at - 1, 2, concat([before, own]));
  }
  return list;
}

/** Merge a chunk into chunks sorted by `order`. Only rows that overlap it in time are copied. */
export function insertByTime(list: readonly Chunk[], chunk: Chunk): Chunk[] {
  const [from, to] = [orderAt(chunk, 0), orderAt(chunk, chunk.rows - 1)];
  let end = list.length;
  while (end > 0 && orderAt(list[end - 1] as Chunk, 0) > to) end--;
  let start = end;
  while (start > 0 && lastOrder(list[start - 1] as Chunk) >= from) start--;
  if (start === end) return joinLeft([...list.slice(0, start), chunk, ...list.slice(end)], start);
  const [first, last] = [list[start] as Chunk, list[end - 1] as Chunk];
  const headRows = firstAtLeast(first, from);
  const tailFrom = firstAbove(last, to);
  const overlap = list.slice(start, end);
  overlap[overlap.length - 1] = slice(last, 0, tailFrom);
  overlap[0] = slice(overlap[0] as Chunk, headRows, overlap.length === 1 ? tailFrom : first.rows);
  const pieces = [slice(first, 0, headRows), ...split(merged(overlap, chunk)), slice(last, tailFrom, last.rows)];
  const kept = pieces.filter((piece) => piece.rows > 0);
  return joinLeft([...list.slice(0, start), ...kept, ...list.slice(end)], start + (headRows > 0 ? 1 : 0));
}

/** Index of the first row whose order is not below `value`. */
function firstAtLeast(chunk: Chunk, value: number): number {
  return search(chunk, (order) => order >= value);
}

function firstAbove(chunk: Chunk, value: number): number {
  return search(chunk, (order) => order > value);
}

function search(chunk: Chunk, reached: (order: number) => boolean): number {
  let low = 0;
  let high = chunk.rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reached(orderAt(chunk, middle))) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** `list` is in order already and so is `chunk`: one pass. On equal times the lower run goes first, then the older row. */
function merged(list: readonly Chunk[], chunk: Chunk): Chunk {
  const parts = list.filter((part) => part.rows > 0);
  if (parts.length === 0) return chunk;
  const whole = concat([...parts, chunk]);
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
    parts.push(slice(chunk, at, at + length));
  }
  return parts;
}

function orderAt(chunk: Chunk, row: number): number {
  return chunk.order?.[row] ?? 0;
}

function lastOrder(chunk: Chunk): number {
  return orderAt(chunk, chunk.rows - 1);
}
