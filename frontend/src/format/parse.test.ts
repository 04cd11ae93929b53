import { describe, expect, it } from "vitest";
import { byteSize, durationMs, durationText, permille, wholeNumber } from "./parse";

describe("what people type", () => {
  it("reads durations", () => {
    expect([durationMs("90s"), durationMs("1h30m"), durationMs("250ms"), durationMs("1.5 s")]).toEqual([90_000, 5_400_000, 250, 1500]);
    expect([durationMs("90"), durationMs("soon"), durationMs("5s?"), durationMs("")]).toEqual([null, null, null, null]);
  });

  it("writes durations that it reads back", () => {
    for (const seconds of [1, 60, 61, 90, 300, 3600, 7200, 86400]) expect(durationMs(durationText(seconds))).toBe(seconds * 1000);
  });

  it("reads sizes and numbers", () => {
    expect([byteSize("500MB"), byteSize("2 GiB"), byteSize("1000"), byteSize("x")]).toEqual([500_000_000, 2 ** 31, 1000, null]);
    expect([wholeNumber("10 000"), wholeNumber("10k"), wholeNumber("1.5k"), wholeNumber("1.5"), wholeNumber("-1")]).toEqual([
      10_000,
      10_000,
      1500,
      null,
      null,
    ]);
  });

  it("reads shares of a CPU", () => {
    expect([permille("3%"), permille("0.5"), permille("100 %"), permille("much")]).toEqual([30, 5, 1000, null]);
  });
});
