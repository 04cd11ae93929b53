import { describe, expect, it } from "vitest";
import { backoff } from "./backoff";

describe("backoff", () => {
  it("doubles up to ten seconds and is spread by half", () => {
    expect([0, 1, 2, 10].map((attempt) => backoff(attempt, () => 1))).toEqual([400, 800, 1600, 10_000]);
    expect(backoff(10, () => 0)).toBe(5000);
  });
});
