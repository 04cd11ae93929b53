import {
  Binary,
  Dictionary,
  Field,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Uint32,
  Uint64,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import type { Chunk, ColumnData, Dictionary as ChunkDictionary } from "./chunk";

/** Batches as a host sends them, for tests: made by Arrow itself. */
export interface OpenRow {
  readonly time: bigint;
  readonly pid: number;
  readonly comm: string;
  readonly path: Uint8Array | string;
}

const encoder = new TextEncoder();

export function bytesOf(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? encoder.encode(value) : value;
}

const OPEN_SCHEMA = new Schema([
  new Field("time", new Int64(), false),
  new Field("pid", new Uint32(), false),
  new Field("comm", new Dictionary(new Binary(), new Int32(), 1), false),
  new Field("path", new Dictionary(new Binary(), new Int32(), 2), false),
]);

export interface Wire {
  readonly schema: Uint8Array;
  readonly body: Uint8Array;
}

export function openBatch(rows: readonly OpenRow[]): Wire {
  const column = (values: readonly Uint8Array[], id: number) =>
    vectorFromArray(values as Uint8Array[], new Dictionary(new Binary(), new Int32(), id)).data[0];
  const children = [
    makeData({ type: new Int64(), data: BigInt64Array.from(rows.map((row) => row.time)) }),
    makeData({ type: new Uint32(), data: Uint32Array.from(rows.map((row) => row.pid)) }),
    column(
      rows.map((row) => bytesOf(row.comm)),
      1,
    ),
    column(
      rows.map((row) => bytesOf(row.path)),
      2,
    ),
  ];
  return wire(OPEN_SCHEMA, children as never[], rows.length);
}

const STACK_SCHEMA = new Schema([
  new Field("time", new Int64(), false),
  new Field("stack", new List(new Field("item", new Dictionary(new Utf8(), new Int32(), 3), false)), false),
  new Field("count", new Uint64(), false),
]);

export function stackBatch(rows: readonly { time: bigint; stack: readonly string[]; count: bigint }[]): Wire {
  const frames = vectorFromArray(
    rows.flatMap((row) => row.stack),
    new Dictionary(new Utf8(), new Int32(), 3),
  ).data[0];
  const offsets = Int32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).reduce((sum, row) => sum + row.stack.length, 0))]);
  const list = makeData({ type: STACK_SCHEMA.fields[1]?.type as List, length: rows.length, valueOffsets: offsets, child: frames as never });
  const children = [
    makeData({ type: new Int64(), data: BigInt64Array.from(rows.map((row) => row.time)) }),
    list,
    makeData({ type: new Uint64(), data: BigUint64Array.from(rows.map((row) => row.count)) }),
  ];
  return wire(STACK_SCHEMA, children as never[], rows.length);
}

const END_MARK = 8;

/** The stream as the product cuts it: the schema message alone, then everything else without the end mark. */
function wire(schema: Schema, children: never[], rows: number): Wire {
  const batch = new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows, children }));
  const writer = new RecordBatchStreamWriter();
  writer.write(batch);
  const whole = writer.finish().toUint8Array(true);
  const cut = 8 + new DataView(whole.buffer, whole.byteOffset).getInt32(4, true);
  return { schema: whole.slice(0, cut), body: whole.slice(cut, -END_MARK) };
}

export function dictionary(values: readonly (Uint8Array | string)[]): ChunkDictionary {
  const parts = values.map(bytesOf);
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => (offsets[i + 1] = (offsets[i] ?? 0) + part.length));
  const data = new Uint8Array(offsets[parts.length] ?? 0);
  parts.forEach((part, i) => data.set(part, offsets[i]));
  return { offsets, data };
}

export function bytesColumn(values: readonly (Uint8Array | string)[]): ColumnData {
  return { kind: "bytes", codes: Int32Array.from(values.keys()), dictionary: dictionary(values) };
}

export function chunkOf(columns: readonly ColumnData[], rows: number, extra: Partial<Chunk> = {}): Chunk {
  return { rows, bytes: rows * 10, columns, runs: new Uint16Array(rows), order: null, ...extra };
}
