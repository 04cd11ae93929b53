import { describe, expect, it } from "vitest";
import { type Chunk, type ColumnData, concat, take, type Value, valueAt } from "./chunk";
import { bytesColumn, chunkOf, dictionary } from "./testing";

function stacks(rows: readonly (readonly string[])[]): ColumnData {
  const names = [...new Set(rows.flat())];
  const offsets = Int32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).flat().length)]);
  return { kind: "stack", offsets, codes: Int32Array.from(rows.flat().map((name) => names.indexOf(name))), dictionary: dictionary(names) };
}

function make(pids: number[], times: bigint[], paths: string[], frames: string[][], run = 0): Chunk {
  const columns: ColumnData[] = [
    { kind: "number", values: Uint32Array.from(pids) },
    { kind: "big", values: BigInt64Array.from(times) },
    bytesColumn(paths),
    stacks(frames),
  ];
  return chunkOf(columns, pids.length, { runs: new Uint16Array(pids.length).fill(run) });
}

function plain(value: Value): unknown {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return Array.isArray(value) ? value.map((part: Uint8Array) => new TextDecoder().decode(part)) : value;
}

function rowsOf(chunk: Chunk): unknown[] {
  return Array.from({ length: chunk.rows }, (_, row) => [chunk.runs[row], ...chunk.columns.map((column) => plain(valueAt(column, row)))]);
}

const first = make([1, 2], [10n, 20n], ["/a", ""], [["main", "f"], []]);
const second = make([3], [2n ** 62n], ["/ünï"], [["f", "g"]], 1);

describe("concat", () => {
  it("holds the rows of all chunks in order, whatever their kind", () => {
    expect(rowsOf(concat([first, second]))).toEqual([...rowsOf(first), ...rowsOf(second)]);
  });

  it("adds up sizes", () => {
    expect(concat([first, second]).bytes).toBe(first.bytes + second.bytes);
  });

  it("copes with dictionaries that are views into something larger", () => {
    const whole = dictionary(["xx", "/b", "/c"]);
    const view: ColumnData = {
      kind: "bytes",
      codes: Int32Array.from([1, 0]),
      dictionary: { offsets: whole.offsets.subarray(1), data: whole.data },
    };
    const joined = concat([chunkOf([bytesColumn(["/a"])], 1), chunkOf([view], 2)]);
    expect(joined.columns.map((column) => [0, 1, 2].map((row) => plain(valueAt(column, row))))).toEqual([["/a", "/c", "/b"]]);
  });
});

describe("take", () => {
  it("picks rows in the order asked for", () => {
    const joined = concat([first, second]);
    const all = rowsOf(joined);
    expect(rowsOf(take(joined, Uint32Array.from([2, 0])))).toEqual([all[2], all[0]]);
  });

  it("lets go of dictionary entries that nothing uses any more", () => {
    const many = Array.from({ length: 1000 }, (_, i) => `/path/${i}`);
    const few = take(chunkOf([bytesColumn(many)], 1000), Uint32Array.from([7, 999, 7]));
    const column = few.columns[0] as Extract<ColumnData, { kind: "bytes" }>;
    expect([0, 1, 2].map((row) => plain(valueAt(column, row)))).toEqual(["/path/7", "/path/999", "/path/7"]);
    expect(column.dictionary.data.length).toBe("/path/7/path/999".length);
  });
});
