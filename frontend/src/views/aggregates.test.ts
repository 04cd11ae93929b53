import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ColumnSchema, Role, Unit } from "../gen/proto/v1/tool_pb";
import type { Chunk } from "../stream/chunk";
import { bytesColumn, chunkOf } from "../stream/testing";
import { heatMap, strength } from "./histogram/layout";
import { Histograms, percentileSlot, sum, usedSlots } from "./histogram/transform";
import { barPercent, sparkline } from "./top/layout";
import { HISTORY_SECONDS, TopTable } from "./top/transform";

const time = create(ColumnSchema, { name: "time", unit: Unit.BOOT_TIME, role: Role.TIME });
const syscall = create(ColumnSchema, { name: "syscall", unit: Unit.SYSCALL, role: Role.KEY });
const calls = create(ColumnSchema, { name: "count", unit: Unit.COUNT, role: Role.MEASURE });
const total = create(ColumnSchema, { name: "total", unit: Unit.NANOSECONDS, role: Role.MEASURE });
const slot = create(ColumnSchema, { name: "slot", unit: Unit.LOG2_SLOT, role: Role.BUCKET });
const SECOND = 1_000_000_000n;
const anchor = () => ({ bootNs: 0n, wallNs: 1000n * SECOND });

interface Row {
  readonly second: bigint;
  readonly name: string;
  readonly values: readonly (number | bigint)[];
  readonly run?: number;
}

function rows(list: readonly Row[]): Chunk {
  const width = list[0]?.values.length ?? 0;
  return chunkOf(
    [
      { kind: "big", values: BigInt64Array.from(list.map((row) => row.second * SECOND)) },
      bytesColumn(list.map((row) => row.name)),
      ...Array.from({ length: width }, (_, i) => ({ kind: "big" as const, values: BigUint64Array.from(list.map((row) => BigInt(row.values[i] ?? 0))) })),
    ],
    list.length,
    { runs: Uint16Array.from(list.map((row) => row.run ?? 0)) },
  );
}

describe("ranking", () => {
  const table = (): TopTable => {
    const made = new TopTable([time, syscall, calls, total], "count", anchor);
    made.add(rows([{ second: 1n, name: "read", values: [10, 100] }, { second: 1n, name: "write", values: [20, 50] }]));
    made.add(rows([{ second: 2n, name: "read", values: [30, 900] }]));
    return made;
  };

  it("adds up the whole session", () => {
    const found = table().rows("total", false, 2);
    expect(found.map((row) => [row.keys[0], ...row.values])).toEqual([["read", 40, 1000], ["write", 20, 50]]);
  });

  it("shows the last interval alone", () => {
    expect(table().rows("interval", false, 2).map((row) => [row.keys[0], ...row.values])).toEqual([["read", 30, 900]]);
  });

  it("sorts by the measure asked for", () => {
    const made = table();
    made.add(rows([{ second: 2n, name: "futex", values: [1, 5000] }]));
    expect(made.rows("total", false, 3)[0]?.keys).toEqual(["futex"]);
  });

  it("keeps hosts together or apart, each with its own last interval", () => {
    const made = table();
    made.add(rows([{ second: 1n, name: "read", values: [5, 10], run: 1 }]));
    expect(made.rows("interval", false, 2).map((row) => row.values[0])).toEqual([35]);
    expect(made.rows("total", true, 2).map((row) => row.values[0])).toEqual([40, 20, 5]);
  });

  it("remembers the last minute by second", () => {
    const history = table().rows("total", false, 2)[0]?.history ?? [];
    expect(history).toHaveLength(HISTORY_SECONDS);
    expect(history.slice(-2)).toEqual([10, 30]);
  });

  it("is the same whether rows came in one chunk or many", () => {
    const whole = new TopTable([time, syscall, calls, total], "count", anchor);
    whole.add(
      rows([
        { second: 1n, name: "read", values: [10, 100] },
        { second: 1n, name: "write", values: [20, 50] },
        { second: 2n, name: "read", values: [30, 900] },
      ]),
    );
    expect(whole.rows("total", false, 2)).toEqual(table().rows("total", false, 2));
  });

  it("draws within its box", () => {
    expect(sparkline([0, 5, 10], { width: 10, height: 12 } as never)).toBe("0.0,11.0 5.0,6.0 10.0,1.0");
    expect(barPercent(5, 20)).toBe(25);
    expect(barPercent(5, 0)).toBe(0);
  });
});

describe("histogram", () => {
  const histograms = (): Histograms => {
    const made = new Histograms([time, syscall, slot, calls], "count", anchor);
    made.add(rows([{ second: 1n, name: "malloc", values: [4, 10] }, { second: 1n, name: "malloc", values: [5, 80] }, { second: 1n, name: "free", values: [3, 7] }]));
    made.add(rows([{ second: 3n, name: "malloc", values: [9, 10] }]));
    return made;
  };

  it("sums slots by key", () => {
    const [malloc, free] = histograms().list();
    expect([malloc?.label, malloc?.events, malloc?.counts[5]]).toEqual(["malloc", 100, 80]);
    expect([free?.label, free?.events]).toEqual(["free", 7]);
  });

  it("sums keys", () => {
    const all = sum(histograms().list());
    expect(all.events).toBe(107);
    expect(usedSlots(all.counts)).toEqual({ first: 3, last: 9 });
  });

  it("finds the slot of a percentile", () => {
    const counts = histograms().list()[0]?.counts ?? new Float64Array(64);
    expect([0.05, 0.5, 0.9, 0.99].map((share) => percentileSlot(counts, share))).toEqual([4, 5, 5, 9]);
    expect(usedSlots(new Float64Array(64))).toBeNull();
  });

  it("lays seconds out as columns, several to one where they do not fit", () => {
    const malloc = histograms().list()[0];
    if (malloc === undefined) throw new Error("no histogram");
    const wide = heatMap(malloc, 100);
    expect([wide?.first, wide?.step, wide?.columns, wide?.highest]).toEqual([1001, 1, 3, 80]);
    const narrow = heatMap(malloc, 1);
    expect(narrow?.columns).toBe(1);
    expect(narrow?.cells.reduce((all, cell) => all + cell.events, 0)).toBe(100);
  });

  it("keeps rare cells visible", () => {
    expect(strength(1, 100)).toBeCloseTo(0.1);
    expect(strength(1, 0)).toBe(0);
  });
});
