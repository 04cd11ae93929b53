import { describe, expect, it } from "vitest";
import { comparisonsText, type FieldName, followed, misfit, operatorsOf, parseComparisons } from "./conditions";

const fields: FieldName[] = [
  { value: "len", detail: "int", risk: "s1", shape: "number" },
  { value: "comm", detail: "char[16]", risk: "s1", shape: "text" },
  { value: "filename", detail: "const char *", risk: "s1", shape: "pointer" },
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

  it("take what their field can be compared with", () => {
    expect(["42", "-1", "0x2A", "O_RDONLY", ""].map((value) => misfit("number", value))).toEqual([null, null, null, null, null]);
    expect(misfit("number", "4 2")).toBe("Write a number, like 42 or 0x2a.");
    expect(misfit("text", "4 2")).toBeNull();
    for (const value of ["", "4 2", "a and b", '"', "-"]) {
      expect(parseComparisons(comparisonsText([{ field: "len", op: "==", value }], fields))).toEqual([{ field: "len", op: "==", value }]);
    }
  });

  it("compare a pointer as a text when its string is read", () => {
    expect(operatorsOf("pointer").map(([op]) => op)).not.toContain("^=");
    const [, , read] = followed(fields, { strings: "filename" });
    expect(operatorsOf(read?.shape ?? "").map(([op]) => op)).toEqual(["==", "!=", "^="]);
    expect(comparisonsText([{ field: "filename", op: "^=", value: "/etc" }], followed(fields, { strings: "filename" }))).toBe('filename ^= "/etc"');
  });
});
