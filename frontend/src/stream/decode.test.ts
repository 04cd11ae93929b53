import { describe, expect, it } from "vitest";
import { valueAt } from "./chunk";
import { decodeBodies } from "./decode";
import { bytesOf, openBatch, stackBatch } from "./testing";

describe("decodeBodies", () => {
  it("gives back numbers, 64-bit numbers and bytes as they were sent", () => {
    const path = Uint8Array.from([0x2f, 0xff, 0x00, 0x61]);
    const { schema, body } = openBatch([
      { time: 9_007_199_254_740_993n, pid: 4_294_967_295, comm: "make", path },
      { time: 2n, pid: 1, comm: "make", path: "" },
    ]);
    const [columns = []] = decodeBodies(schema, [{ body, rows: 2 }]);
    expect(columns.map((column) => column.kind)).toEqual(["big", "number", "bytes", "bytes"]);
    expect(columns.map((column) => valueAt(column, 0))).toEqual([9_007_199_254_740_993n, 4_294_967_295, bytesOf("make"), path]);
    expect(columns.map((column) => valueAt(column, 1))).toEqual([2n, 1, bytesOf("make"), bytesOf("")]);
  });

  it("gives back stacks root first, empty ones too", () => {
    const { schema, body } = stackBatch([
      { time: 1n, stack: ["main", "read_[k]"], count: 7n },
      { time: 1n, stack: [], count: 1n },
      { time: 1n, stack: ["main"], count: 2n },
    ]);
    const stacks = decodeBodies(schema, [{ body, rows: 3 }])[0]?.[1];
    if (stacks === undefined) throw new Error("no stack column");
    const text = (row: number) => (valueAt(stacks, row) as Uint8Array[]).map((frame) => new TextDecoder().decode(frame));
    expect([text(0), text(1), text(2)]).toEqual([["main", "read_[k]"], [], ["main"]]);
  });

  it("refuses a batch that does not hold what its head says", () => {
    const { schema, body } = openBatch([{ time: 1n, pid: 1, comm: "a", path: "b" }]);
    expect(() => decodeBodies(schema, [{ body: new Uint8Array(0), rows: 1 }])).toThrow("does not hold the 1 rows");
    expect(() => decodeBodies(schema, [{ body, rows: 2 }])).toThrow("does not hold the 2 rows");
    expect(() => decodeBodies(schema, [{ body, rows: 1 }, { body: new Uint8Array(0), rows: 3 }])).toThrow("does not hold the 3 rows");
  });

  it("reads several batches at once, each with dictionaries of its own", () => {
    const batches = ["one", "two", "three"].map((path, pid) => openBatch([{ time: 1n, pid, comm: "c", path }, { time: 2n, pid, comm: path, path }]));
    const bodies = batches.map(({ body }) => ({ body, rows: 2 }));
    const decoded = decodeBodies(batches[0]?.schema ?? new Uint8Array(0), bodies);
    const second = decoded.map((columns) => columns.slice(1).map((column) => valueAt(column, 1)));
    expect(second).toEqual(["one", "two", "three"].map((path, pid) => [pid, bytesOf(path), bytesOf(path)]));
  });
});
