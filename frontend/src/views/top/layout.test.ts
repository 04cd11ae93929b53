import { describe, expect, it } from "vitest";
import { barPercent, sparkline } from "./layout";

describe("ranking geometry", () => {
  it("draws within its box", () => {
    expect(sparkline([0, 5, 10], { width: 10, height: 12 } as never)).toBe("0.0,11.0 5.0,6.0 10.0,1.0");
    expect(barPercent(5, 20)).toBe(25);
    expect(barPercent(5, 0)).toBe(0);
  });
});
