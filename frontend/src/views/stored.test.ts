import { describe, expect, it } from "vitest";
import type { ViewProps } from "./view-props";
import { leftToStore } from "./stored";

function opened(state: string, skippedRows: number, kept: number): Pick<ViewProps, "session" | "stream"> {
  return { session: { snapshot: () => ({ state: { state }, skippedRows }) }, stream: { rows: { rows: kept } } } as never;
}

describe("rows that are shown by the page", () => {
  it("are those of an ended session of which the browser was sent none", () => {
    expect(leftToStore(opened("ended", 300_000, 0))).toBe(true);
  });

  it("are not those of one that runs, that came, or that has none", () => {
    expect(leftToStore(opened("running", 300_000, 0))).toBe(false);
    expect(leftToStore(opened("ended", 300_000, 5))).toBe(false);
    expect(leftToStore(opened("ended", 0, 0))).toBe(false);
  });
});
