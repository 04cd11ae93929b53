import { describe, expect, it } from "vitest";
import { Rates } from "./rates";

describe("rates", () => {
  it("adds rows up by second and run", () => {
    const rates = new Rates();
    rates.add(0, 5_000_000_001n, 10);
    rates.add(0, 5_999_999_999n, 5);
    rates.add(1, 5_500_000_000n, 7);
    rates.add(1, 8_000_000_000n, 1);
    expect(rates.at(5)).toEqual([15, 7]);
    expect(rates.total(5)).toBe(22);
    expect(rates.span).toEqual({ first: 5, last: 8 });
    expect(rates.at(6)).toEqual([]);
  });

  it("keeps an hour", () => {
    const rates = new Rates();
    for (let second = 0; second < 4000; second++) rates.add(0, BigInt(second) * 1_000_000_000n, 1);
    expect(rates.span).toEqual({ first: 400, last: 3999 });
  });
});
