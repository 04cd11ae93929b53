import { describe, expect, it } from "vitest";
import { isScaled, lastTop, ROW_HEIGHT, scrollHeight, scrollOfTop, topOfScroll, topToShow } from "./layout";

const small = { rows: 1000, viewport: 440 };
const large = { rows: 2_000_000, viewport: 440 };

describe("grid geometry", () => {
  it("scrolls row by row while an element can be tall enough", () => {
    expect(isScaled(small)).toBe(false);
    expect(scrollHeight(small)).toBe(1000 * ROW_HEIGHT);
    expect(topOfScroll(small, 10 * ROW_HEIGHT)).toBeCloseTo(10);
  });

  it("reaches the last of millions of rows within the height that browsers allow", () => {
    expect(isScaled(large)).toBe(true);
    expect(scrollHeight(large)).toBeLessThan(16_000_000);
    expect(topOfScroll(large, scrollHeight(large) - large.viewport)).toBe(lastTop(large));
    expect(topOfScroll(large, 0)).toBe(0);
  });

  it("goes back and forth between scroll and row", () => {
    for (const extent of [small, large]) {
      for (const top of [0, 1, 77, lastTop(extent)]) expect(topOfScroll(extent, scrollOfTop(extent, top))).toBeCloseTo(top, 3);
    }
  });

  it("does not scroll when everything fits", () => {
    expect(scrollHeight({ rows: 3, viewport: 440 })).toBe(440);
    expect(topOfScroll({ rows: 3, viewport: 440 }, 100)).toBe(0);
    expect(lastTop({ rows: 3, viewport: 440 })).toBe(0);
  });

  it("moves no further than needed to show a row", () => {
    expect(topToShow(small, 100, 105)).toBe(100);
    expect(topToShow(small, 100, 99)).toBe(99);
    expect(topToShow(small, 100, 120)).toBe(101);
  });
});
