import { describe, expect, it } from "vitest";
import { bytes, compact, count, log2Slot, nanoseconds, percent } from "./numbers";

describe("quantities", () => {
  it("picks the unit of time that a person would", () => {
    expect(nanoseconds(950)).toBe("950 ns");
    expect(nanoseconds(1500)).toBe("1.50 µs");
    expect(nanoseconds(12_340_000)).toBe("12.3 ms");
    expect(nanoseconds(90_000_000_000n)).toBe("90 s");
    expect(nanoseconds(3_700_000_000_000)).toBe("1 h 1 min");
    expect(nanoseconds(-1500)).toBe("-1.50 µs");
  });

  it("writes bytes in binary units", () => {
    expect(bytes(1023)).toBe("1023 B");
    expect(bytes(1536)).toBe("1.50 KiB");
    expect(bytes(25_276_891_136n)).toBe("23.5 GiB");
  });

  it("keeps every digit of a count", () => {
    expect(count(18_446_744_073_709_551_615n)).toBe("18\u202f446\u202f744\u202f073\u202f709\u202f551\u202f615");
    expect(count(-1234)).toBe("-1\u202f234");
    expect(count(12)).toBe("12");
  });

  it("rounds where asked to", () => {
    expect(compact(999)).toBe("999");
    expect(compact(1_234_567)).toBe("1.23M");
    expect(compact(50_000n)).toBe("50k");
    expect(percent(0.001)).toBe("<0.01%");
    expect(percent(12.34)).toBe("12.3%");
  });

  it("names a log2 slot by its range; slot 0 holds 0 and 1", () => {
    expect(log2Slot(0, nanoseconds)).toBe("< 2 ns");
    expect(log2Slot(10, nanoseconds)).toBe("1.02 µs – 2.05 µs");
  });
});
