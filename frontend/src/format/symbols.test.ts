import { describe, expect, it } from "vitest";
import { symbolText } from "./symbols";

const names = [
  { value: 1n, name: "A" },
  { value: 6n, name: "BC" },
  { value: -(2n ** 63n), name: "TOP" },
];

describe("names of values", () => {
  it("takes a whole value's name, else the number", () => {
    expect(symbolText(names, false, 6)).toBe("BC");
    expect(symbolText(names, false, 7)).toBe("7");
    expect(symbolText(names, false, 2n ** 63n)).toBe("TOP");
  });

  it("names the bits of flags and shows the others", () => {
    expect(symbolText(names, true, 7)).toBe("A|BC");
    expect(symbolText(names, true, 9)).toBe("A|0x8");
    expect(symbolText(names, true, 0)).toBe("0");
  });
});
