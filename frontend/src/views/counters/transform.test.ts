import { describe, expect, it } from "vitest";
import { anchor, calls, rows, syscall, time, total } from "../testing";
import { frameOf, roundUp, unbroken } from "./layout";
import { CounterSeries, pointAt, type Series, stepOf } from "./transform";

const columns = [time, syscall, calls, total];

function counters(): CounterSeries {
  const made = new CounterSeries(columns, "count", anchor);
  made.add(rows([1n, 2n, 3n, 9n].map((second) => ({ second, name: "read", values: [Number(second), 100] }))));
  made.add(rows([{ second: 2n, name: "read", values: [50, 1], run: 1 }]));
  return made;
}

describe("counters", () => {
  it("are one series a key and host", () => {
    expect(counters().list.map(({ label, run, points }) => [label, run, points.length])).toEqual([
      ["read", 0, 4],
      ["read", 1, 1],
    ]);
    expect(counters().measures.map(({ column, place }) => [column.name, place])).toEqual([
      ["count", 0],
      ["total", 1],
    ]);
  });

  it("are read at a moment, but not across a gap", () => {
    const first = counters().list[0] as Series;
    expect(pointAt(first, 1_002_400, 3000)?.values).toEqual([2, 100]);
    expect(pointAt(first, 1_006_900, 3000)).toBeUndefined();
    expect(pointAt(first, 1_000_500, 3000)).toBeUndefined();
  });

  it("know their usual step and break their line where one is missing", () => {
    const list = counters().list;
    expect(stepOf(list)).toBe(1000);
    expect(unbroken(list[0]?.points ?? [], 1000).map((line) => line.length)).toEqual([3, 1]);
  });

  it("span all of their time under a round top", () => {
    expect(frameOf(counters().list, 0, null)).toEqual({ from: 1_001_000, to: 1_009_000, top: 50 });
    expect(frameOf(counters().list, 0, 100).top).toBe(100);
    expect([0, 1, 3, 51, 1000].map(roundUp)).toEqual([1, 1, 5, 100, 1000]);
  });
});
