import { describe, expect, it } from "vitest";
import { markedByKey, spanOf } from "./brush";

const bins = [10, 12, 14, 16].map((from) => ({ from, to: from + 2, rate: 1, byRun: [1] }));
const bin = (place: number) => bins[place] ?? { from: 0, to: 0, rate: 0, byRun: [] };

describe("a mark on the timeline", () => {
  it("reaches from one bin to another, whichever comes first", () => {
    expect(spanOf(bin(1), bin(2))).toEqual({ from: 12, to: 16 });
    expect(spanOf(bin(2), bin(1))).toEqual({ from: 12, to: 16 });
    expect(spanOf(bin(1), bin(1))).toEqual({ from: 12, to: 14 });
  });

  it("starts at the newest bin, is moved and stretched by arrows, and taken away by Escape", () => {
    expect(markedByKey("ArrowLeft", false, null, bins)).toEqual({ from: 16, to: 18 });
    expect(markedByKey("ArrowLeft", false, { from: 16, to: 18 }, bins)).toEqual({ from: 14, to: 16 });
    expect(markedByKey("ArrowRight", true, { from: 12, to: 14 }, bins)).toEqual({ from: 12, to: 16 });
    expect(markedByKey("ArrowLeft", true, { from: 12, to: 16 }, bins)).toEqual({ from: 12, to: 14 });
    expect(markedByKey("Escape", false, { from: 12, to: 16 }, bins)).toBeNull();
  });

  it("stays within the session, and is never empty", () => {
    expect(markedByKey("ArrowRight", false, { from: 16, to: 18 }, bins)).toEqual({ from: 16, to: 18 });
    expect(markedByKey("ArrowLeft", false, { from: 10, to: 12 }, bins)).toEqual({ from: 10, to: 12 });
    expect(markedByKey("ArrowLeft", true, { from: 12, to: 14 }, bins)).toEqual({ from: 12, to: 14 });
  });

  it("leaves other keys alone", () => {
    expect(markedByKey("Escape", false, null, bins)).toBeUndefined();
    expect(markedByKey("a", false, null, bins)).toBeUndefined();
    expect(markedByKey("ArrowLeft", false, null, [])).toBeUndefined();
  });
});
