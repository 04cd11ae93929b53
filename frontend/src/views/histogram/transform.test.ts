import { describe, expect, it } from "vitest";
import { anchor, calls, rows, slot, syscall, time } from "../testing";
import { heatMap, strength } from "./layout";
import { Histograms, percentileSlot, sum, usedSlots } from "./transform";

describe("histogram", () => {
  const histograms = (): Histograms => {
    const made = new Histograms([time, syscall, slot, calls], "count", anchor);
    made.add(
      rows([
        { second: 1n, name: "malloc", values: [4, 10] },
        { second: 1n, name: "malloc", values: [5, 80] },
        { second: 1n, name: "free", values: [3, 7] },
      ]),
    );
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
