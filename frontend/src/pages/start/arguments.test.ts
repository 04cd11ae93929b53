import { describe, expect, it } from "vitest";
import { argumentsText, asLength, asName, parseArguments } from "./arguments";

describe("arguments", () => {
  it.each(["", "fd:s32", "s32,_,path:str", "data:bytes[count:100],count:u64", "name:str[40],at:hex", "data:bytes"])(
    "are the same text after %j was shown as rows",
    (text) => {
      expect(argumentsText(parseArguments(text) ?? [])).toBe(text);
    },
  );

  it("are rows of name, type and length", () => {
    expect(parseArguments("fd:s32, _ ,data:bytes[64]")).toEqual([
      { name: "fd", type: "s32", length: "" },
      { name: "", type: "_", length: "" },
      { name: "data", type: "bytes", length: "64" },
    ]);
  });

  it.each(["fd:int", "fd", "a:s32;b:s32", "FD:s32", "a:s32,"])("stay a text when %j is no such list", (text) => {
    expect(parseArguments(text)).toBeNull();
  });

  it("always stay a list, whatever is typed as name and length", () => {
    for (const typed of ["a,b", "x:y", "Größe", "[8]", "_", " "]) {
      const rows = [{ name: asName(typed), type: "bytes", length: asLength(typed) }];
      expect(parseArguments(argumentsText(rows))).toEqual(rows);
    }
  });
});
