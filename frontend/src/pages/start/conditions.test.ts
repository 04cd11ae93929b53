import { describe, expect, it } from "vitest";
import { comparisonsText, type FieldName, parseComparisons, riskOf } from "./conditions";

const fields: FieldName[] = [
  { value: "len", detail: "int", risk: "s1", shape: "number" },
  { value: "comm", detail: "char[16]", risk: "s1", shape: "text" },
  { value: "path", detail: "char[]", risk: "s3", shape: "text" },
];

describe("comparisons", () => {
  it("go from text to rows and back", () => {
    const text = 'len > 4096 and comm == "a \\"b\\" and c" and len & 0x40';
    const rows = parseComparisons(text);
    expect(rows).toEqual([
      { field: "len", op: ">", value: "4096" },
      { field: "comm", op: "==", value: 'a "b" and c' },
      { field: "len", op: "&", value: "0x40" },
    ]);
    expect(comparisonsText(rows ?? [], fields)).toBe(text);
    expect(parseComparisons("len > 1 or len < 0")).toBeNull();
    expect(parseComparisons("")).toEqual([]);
  });

  it("make the session as risky as what they show and compare", () => {
    expect(riskOf("s1", fields, {})).toBe("s3");
    expect(riskOf("s1", fields, { fields: "len,comm" })).toBe("s1");
    expect(riskOf("s1", fields, { fields: "len", where: 'path ^= "/home"' })).toBe("s3");
    expect(riskOf("s1", fields, { fields: "len", strings: "buf" })).toBe("s3");
  });
});
