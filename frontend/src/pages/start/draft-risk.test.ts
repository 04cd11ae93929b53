import { describe, expect, it } from "vitest";
import type { Param } from "../../api/catalog";
import type { FieldName } from "./conditions";
import { draftRisk } from "./draft-risk";

const fields: FieldName[] = [
  { value: "len", detail: "int", risk: "s1", shape: "number" },
  { value: "comm", detail: "char[16]", risk: "s1", shape: "text" },
  { value: "path", detail: "char[]", risk: "s3", shape: "text" },
];
const param = (name: string, type: Param["type"]): Param => ({ name, type });
const tracepoint = { risk: "s1" as const, params: [param("fields", "fields"), param("where", "conditions"), param("strings", "fields")] };
const call = { risk: "s2" as const, params: [param("args", "arguments"), param("ret", "arguments")] };

describe("a draft is as risky as", () => {
  it("the fields that it shows and compares", () => {
    expect(draftRisk(tracepoint, fields, {})).toBe("s3");
    expect(draftRisk(tracepoint, fields, { fields: "len,comm" })).toBe("s1");
    expect(draftRisk(tracepoint, fields, { fields: "len", where: 'path ^= "/home"' })).toBe("s3");
  });

  it("the strings that it follows, whether the host has told its fields or not", () => {
    expect(draftRisk(tracepoint, fields, { fields: "len", strings: "buf" })).toBe("s3");
    expect(draftRisk(tracepoint, [], { strings: "buf" })).toBe("s3");
    expect(draftRisk(tracepoint, [], { fields: "buf" })).toBe("s1");
  });

  it.each([
    ["", "s2"],
    ["fd:s32,n:u64", "s2"],
    ["str:s32", "s2"],
    ["fd:s32,path:str", "s3"],
    ["_, bytes[64]", "s3"],
    ["bytes[count:100],count:u64", "s3"],
    ["str", "s3"],
  ])("the arguments %j", (args, risk) => {
    expect(draftRisk(call, [], { args })).toBe(risk);
    expect(draftRisk(call, [], { ret: args })).toBe(risk);
  });
});
