import { describe, expect, it } from "vitest";
import { type Chunk, valueAt } from "../../stream/chunk";
import { chunkOf } from "../../stream/testing";
import { GridRows } from "./transform";

function chunk(values: readonly number[]): Chunk {
  return chunkOf([{ kind: "number", values: Uint32Array.from(values) }], values.length);
}

function value(rows: GridRows, index: number): unknown {
  const ref = rows.at(index);
  return ref === null ? null : valueAt(ref.chunk.columns[0] as never, ref.row);
}

const even = (part: Chunk): Uint32Array =>
  Uint32Array.from(
    Array.from({ length: part.rows }, (_, row) => row).filter((row) => Number(valueAt(part.columns[0] as never, row)) % 2 === 0),
  );

/** Never out of time, however slow the machine. */
const still = () => 0;

describe("grid rows", () => {
  it("are found by index over chunks", () => {
    const rows = new GridRows(null);
    rows.update([chunk([10, 11]), chunk([12]), chunk([13, 14, 15])], 0, 1, still);
    expect(rows.count).toBe(6);
    expect([0, 1, 2, 3, 5, 6].map((index) => value(rows, index))).toEqual([10, 11, 12, 13, 15, null]);
  });

  it("keep their index when older rows are dropped", () => {
    const rows = new GridRows(null);
    const [a, b, c] = [chunk([0, 1]), chunk([2, 3]), chunk([4])];
    rows.update([a, b], 0, 1, still);
    rows.update([b, c], 2, 1, still);
    expect(rows.first).toBe(2);
    expect([1, 2, 4].map((index) => value(rows, index))).toEqual([null, 2, 4]);
  });

  it("are only those that pass a filter, with indices that outlive dropped rows", () => {
    const rows = new GridRows(even);
    const [a, b, c] = [chunk([0, 1, 2]), chunk([3, 4]), chunk([5, 6, 8])];
    rows.update([a, b], 0, 1, still);
    expect(rows.count).toBe(3);
    expect([0, 1, 2].map((index) => value(rows, index))).toEqual([0, 2, 4]);
    rows.update([b, c], 3, 1, still);
    expect(rows.first).toBe(2);
    expect([1, 2, 3, 4].map((index) => value(rows, index))).toEqual([null, 4, 6, 8]);
  });

  it("are filtered newest first within the time given, and the rest later", () => {
    const rows = new GridRows(even);
    const chunks = [chunk([0]), chunk([2]), chunk([4])];
    let now = 0;
    rows.update(chunks, 0, 1, () => now++);
    expect(rows.pending).toBeGreaterThan(0);
    expect(value(rows, rows.end - 1)).toBe(4);
    rows.update(chunks, 0, 1, still);
    expect(rows.pending).toBe(0);
    expect(rows.count).toBe(3);
  });
});
