/** Rows as raw columns: what is left of an Arrow batch once its framing is gone. Immutable. */

export interface Dictionary {
  readonly offsets: Int32Array;
  readonly data: Uint8Array;
}

export type NumberArray = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | Float64Array;
export type BigArray = BigInt64Array | BigUint64Array;

export type ColumnData =
  | { readonly kind: "number"; readonly values: NumberArray }
  | { readonly kind: "big"; readonly values: BigArray }
  | { readonly kind: "bytes"; readonly codes: Int32Array; readonly dictionary: Dictionary }
  | { readonly kind: "stack"; readonly offsets: Int32Array; readonly codes: Int32Array; readonly dictionary: Dictionary };

export interface Chunk {
  readonly rows: number;
  readonly bytes: number;
  readonly columns: readonly ColumnData[];
  /** Index of the run that each row came from. */
  readonly runs: Uint16Array;
  /** Wall-clock ns since the store's origin, never falling within a run: the order of rows of several hosts. */
  readonly order: Float64Array | null;
}

export function entry(dictionary: Dictionary, code: number): Uint8Array {
  return dictionary.data.subarray(dictionary.offsets[code] ?? 0, dictionary.offsets[code + 1] ?? 0);
}

export function entryCount(dictionary: Dictionary): number {
  return Math.max(0, dictionary.offsets.length - 1);
}

export type Value = number | bigint | Uint8Array | readonly Uint8Array[];

export function valueAt(column: ColumnData, row: number): Value {
  switch (column.kind) {
    case "number":
      return column.values[row] ?? 0;
    case "big":
      return column.values[row] ?? 0n;
    case "bytes":
      return entry(column.dictionary, column.codes[row] ?? 0);
    case "stack": {
      const frames: Uint8Array[] = [];
      for (let i = column.offsets[row] ?? 0; i < (column.offsets[row + 1] ?? 0); i++) {
        frames.push(entry(column.dictionary, column.codes[i] ?? 0));
      }
      return frames;
    }
  }
}

export function concat(chunks: readonly Chunk[]): Chunk {
  const first = chunks[0];
  if (first === undefined) throw new Error("nothing to join");
  if (chunks.length === 1) return first;
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0);
  return {
    rows,
    bytes: chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
    columns: first.columns.map((_, i) => concatColumns(chunks.map((chunk) => columnOf(chunk, i)))),
    runs: join(chunks.map((chunk) => chunk.runs)),
    order: chunks.every((chunk) => chunk.order !== null) ? join(chunks.map((chunk) => chunk.order ?? new Float64Array(chunk.rows))) : null,
  };
}

/** The rows `picks` of a chunk, in that order. */
export function take(chunk: Chunk, picks: Uint32Array): Chunk {
  return {
    rows: picks.length,
    bytes: chunk.rows === 0 ? 0 : Math.ceil((chunk.bytes * picks.length) / chunk.rows),
    columns: chunk.columns.map((column) => takeColumn(column, picks)),
    runs: pick(chunk.runs, picks),
    order: chunk.order === null ? null : pick(chunk.order, picks),
  };
}

/** The rows from `from` up to, not including, `to`: views, not copies. */
export function slice(chunk: Chunk, from: number, to: number): Chunk {
  if (from === 0 && to === chunk.rows) return chunk;
  return {
    rows: to - from,
    bytes: Math.ceil((chunk.bytes * (to - from)) / chunk.rows),
    columns: chunk.columns.map((column) => sliceColumn(column, from, to)),
    runs: chunk.runs.subarray(from, to),
    order: chunk.order?.subarray(from, to) ?? null,
  };
}

export function columnOf(chunk: Chunk, index: number): ColumnData {
  const column = chunk.columns[index];
  if (column === undefined) throw new Error(`no column ${index} in a batch of ${chunk.columns.length}`);
  return column;
}

type AnyArray = NumberArray | BigArray;

function join<T extends AnyArray>(parts: readonly T[]): T {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const first = parts[0] as T;
  const out = new (first.constructor as new (length: number) => T)(total);
  let at = 0;
  for (const part of parts) {
    (out.set as (values: AnyArray, offset: number) => void)(part, at);
    at += part.length;
  }
  return out;
}

function pick<T extends AnyArray>(values: T, picks: Uint32Array): T {
  const out = new (values.constructor as new (length: number) => T)(picks.length);
  for (let i = 0; i < picks.length; i++) out[i] = values[picks[i] ?? 0] as never;
  return out;
}

function concatColumns(parts: readonly ColumnData[]): ColumnData {
  const first = parts[0] as ColumnData;
  switch (first.kind) {
    case "number":
      return { kind: "number", values: join(parts.map((part) => (part as typeof first).values)) };
    case "big":
      return { kind: "big", values: join(parts.map((part) => (part as typeof first).values)) };
    case "bytes": {
      const typed = parts as readonly (typeof first)[];
      return { kind: "bytes", codes: rebasedCodes(typed), dictionary: joinDictionaries(typed) };
    }
    case "stack": {
      const typed = parts as readonly (typeof first)[];
      return { kind: "stack", offsets: joinOffsets(typed), codes: rebasedCodes(typed), dictionary: joinDictionaries(typed) };
    }
  }
}

function rebasedCodes(parts: readonly { codes: Int32Array; dictionary: Dictionary }[]): Int32Array {
  const out = join(parts.map((part) => part.codes));
  let at = 0;
  let base = 0;
  for (const part of parts) {
    for (let i = 0; i < part.codes.length; i++) out[at + i] = (out[at + i] ?? 0) + base;
    at += part.codes.length;
    base += entryCount(part.dictionary);
  }
  return out;
}

function joinDictionaries(parts: readonly { dictionary: Dictionary }[]): Dictionary {
  const offsets = new Int32Array(parts.reduce((sum, part) => sum + entryCount(part.dictionary), 0) + 1);
  const data: Uint8Array[] = [];
  let at = 0;
  let size = 0;
  for (const { dictionary } of parts) {
    const start = dictionary.offsets[0] ?? 0;
    const end = dictionary.offsets[entryCount(dictionary)] ?? start;
    data.push(dictionary.data.subarray(start, end));
    for (let i = 0; i < entryCount(dictionary); i++) offsets[at++] = size + (dictionary.offsets[i] ?? 0) - start;
    size += end - start;
  }
  offsets[at] = size;
  return { offsets, data: join(data) };
}

function joinOffsets(parts: readonly { offsets: Int32Array; codes: Int32Array }[]): Int32Array {
  const out = new Int32Array(parts.reduce((sum, part) => sum + part.offsets.length - 1, 0) + 1);
  let at = 0;
  let base = 0;
  for (const part of parts) {
    for (let i = 0; i + 1 < part.offsets.length; i++) out[at++] = base + (part.offsets[i] ?? 0);
    base += part.codes.length;
  }
  out[at] = base;
  return out;
}

function sliceColumn(column: ColumnData, from: number, to: number): ColumnData {
  switch (column.kind) {
    case "number":
      return { kind: "number", values: column.values.subarray(from, to) };
    case "big":
      return { kind: "big", values: column.values.subarray(from, to) };
    case "bytes":
      return { kind: "bytes", ...compacted(column.codes.subarray(from, to), column.dictionary) };
    case "stack": {
      const [start, end] = [column.offsets[from] ?? 0, column.offsets[to] ?? 0];
      const offsets = column.offsets.subarray(from, to + 1).map((offset) => offset - start);
      return { kind: "stack", offsets, ...compacted(column.codes.subarray(start, end), column.dictionary) };
    }
  }
}

function takeColumn(column: ColumnData, picks: Uint32Array): ColumnData {
  switch (column.kind) {
    case "number":
      return { kind: "number", values: pick(column.values, picks) };
    case "big":
      return { kind: "big", values: pick(column.values, picks) };
    case "bytes":
      return { kind: "bytes", ...compacted(pick(column.codes, picks), column.dictionary) };
    case "stack":
      return takeStacks(column, picks);
  }
}

function takeStacks(column: Extract<ColumnData, { kind: "stack" }>, picks: Uint32Array): ColumnData {
  const offsets = new Int32Array(picks.length + 1);
  const codes: number[] = [];
  for (let i = 0; i < picks.length; i++) {
    const row = picks[i] ?? 0;
    for (let j = column.offsets[row] ?? 0; j < (column.offsets[row + 1] ?? 0); j++) codes.push(column.codes[j] ?? 0);
    offsets[i + 1] = codes.length;
  }
  return { kind: "stack", offsets, ...compacted(Int32Array.from(codes), column.dictionary) };
}

/** Leaves out entries that no code uses, when they are most of the dictionary: chunks that are cut up would keep each other's. */
function compacted(codes: Int32Array, dictionary: Dictionary): { codes: Int32Array; dictionary: Dictionary } {
  if (entryCount(dictionary) <= 2 * codes.length) return { codes, dictionary };
  const renumbered = new Map<number, number>();
  const kept: Uint8Array[] = [];
  const newCodes = codes.map((code) => {
    const known = renumbered.get(code);
    if (known !== undefined) return known;
    renumbered.set(code, kept.length);
    return kept.push(entry(dictionary, code)) - 1;
  });
  const offsets = new Int32Array(kept.length + 1);
  kept.forEach((bytes, i) => (offsets[i + 1] = (offsets[i] ?? 0) + bytes.length));
  return { codes: newCodes, dictionary: { offsets, data: kept.length === 0 ? new Uint8Array(0) : join(kept) } };
}
