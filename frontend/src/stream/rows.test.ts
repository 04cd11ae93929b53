import { describe, expect, it } from "vitest";
import { type Chunk, valueAt } from "./chunk";
import { Rows } from "./rows";
import { chunkOf } from "./testing";

function single(values: readonly number[]): Chunk {
  return chunkOf([{ kind: "number", values: Uint32Array.from(values) }], values.length);
}

/** Rows of one of several hosts: the value is the time. */
function timed(run: number, times: readonly number[]): Chunk {
  return chunkOf([{ kind: "number", values: Uint32Array.from(times) }], times.length, {
    runs: new Uint16Array(times.length).fill(run),
    order: Float64Array.from(times),
  });
}

function contents(rows: Rows): unknown[] {
  return rows.chunks.flatMap((chunk) => Array.from({ length: chunk.rows }, (_, row) => valueAt(chunk.columns[0] as never, row)));
}

function withRuns(rows: Rows): string[] {
  return rows.chunks.flatMap((chunk) =>
    Array.from({ length: chunk.rows }, (_, row) => `${chunk.runs[row]}:${String(valueAt(chunk.columns[0] as never, row))}`),
  );
}

describe("rows of one host", () => {
  it("stay in the order in which they came, and few chunks hold many small batches", () => {
    const rows = new Rows();
    for (let i = 0; i < 5000; i++) rows.add(single([i]));
    expect(contents(rows)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
    expect(rows.chunks.length).toBeLessThan(16);
  });

  it("are bounded: the oldest go, and are counted", () => {
    const rows = new Rows({ rows: 100_000, bytes: Infinity });
    const batch = Array.from({ length: 30_000 }, (_, i) => i);
    for (let i = 0; i < 5; i++) rows.add(single(batch));
    expect(rows.rows).toBe(90_000);
    expect(rows.dropped).toBe(60_000);
  });

  it("are bounded by size too, but the newest chunk always stays", () => {
    const rows = new Rows({ rows: Infinity, bytes: 100 });
    rows.add(single(Array.from({ length: 20_000 }, (_, i) => i)));
    rows.add(single(Array.from({ length: 20_000 }, (_, i) => i)));
    expect(rows.chunks.length).toBe(1);
    expect(rows.dropped).toBe(20_000);
  });

  it("do not change under a reader that holds the chunks of a moment", () => {
    const rows = new Rows();
    rows.add(single([1]));
    const held = rows.chunks;
    rows.add(single([2]));
    expect(held.length).toBe(1);
    expect(held[0]?.rows).toBe(1);
  });
});

describe("rows of several hosts", () => {
  const a = [timed(0, [1, 4, 7]), timed(0, [7, 9]), timed(0, [20])];
  const b = [timed(1, [2, 4, 8]), timed(1, [9, 10]), timed(1, [11])];
  const expected = ["0:1", "1:2", "0:4", "1:4", "0:7", "0:7", "1:8", "0:9", "1:9", "1:10", "1:11", "0:20"];

  it("are merged by time, the same way in whatever order the batches arrive", () => {
    for (const arrival of [
      [...a, ...b],
      [...b, ...a],
      [a[0], b[0], b[1], a[1], b[2], a[2]],
    ] as Chunk[][]) {
      const rows = new Rows();
      arrival.forEach((chunk) => rows.add(chunk));
      expect(withRuns(rows)).toEqual(expected);
    }
  });

  it("are kept in few chunks when thousands of small batches of one host follow those of another", () => {
    const rows = new Rows();
    for (const run of [0, 1, 2])
      for (let i = 0; i < 1500; i++)
        rows.add(
          timed(
            run,
            Array.from({ length: 10 }, (_, j) => 3 * (i * 10 + j) + run),
          ),
        );
    expect(contents(rows)).toEqual(Array.from({ length: 45_000 }, (_, i) => i));
    expect(rows.chunks.length).toBeLessThan(500);
  });

  it("are merged over many chunks", () => {
    const rows = new Rows();
    for (let i = 0; i < 40; i++)
      rows.add(
        timed(
          0,
          Array.from({ length: 1000 }, (_, j) => 2 * (i * 1000 + j)),
        ),
      );
    for (let i = 0; i < 40; i++)
      rows.add(
        timed(
          1,
          Array.from({ length: 1000 }, (_, j) => 2 * (i * 1000 + j) + 1),
        ),
      );
    expect(contents(rows)).toEqual(Array.from({ length: 80_000 }, (_, i) => i));
  });
});
