import { describe, expect, it } from "vitest";
import { ago, rfc3339, timeOfDay, wallNs } from "./clock";

describe("clock", () => {
  it("carries boot time to wall time without losing a nanosecond", () => {
    const anchor = { bootNs: 123_456_789_012_345n, wallNs: 1_795_345_678_901_234_567n };
    expect(wallNs(anchor, 123_456_789_012_346n)).toBe(1_795_345_678_901_234_568n);
    expect(wallNs(anchor, 123_456_789_012_000n)).toBe(1_795_345_678_901_234_222n);
    expect(rfc3339(1_795_345_678_901_234_567n)).toMatch(/^2026-11-22T\d\d:\d\d:58\.901234567Z$/);
  });

  it("shows microseconds in a row", () => {
    expect(timeOfDay(1_795_345_678_901_234_567n)).toMatch(/^\d\d:\d\d:58\.901234$/);
  });

  it("says how long ago", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    expect(ago("2026-11-22T11:59:58Z", now)).toBe("just now");
    expect(ago("2026-11-22T11:59:00Z", now)).toBe("60 s ago");
    expect(ago("2026-11-22T09:00:00Z", now)).toBe("3 h ago");
    expect(ago("2026-11-18T12:00:00Z", now)).toBe("4 d ago");
  });
});
