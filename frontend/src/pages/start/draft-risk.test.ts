import { describe, expect, it } from "vitest";
import type { Param } from "../../api/catalog";
import type { FieldName } from "./conditions";
import { draftRisk, entryToList } from "./draft-risk";

const fields: FieldName[] = [
  { value: "len", detail: "int", risk: "s1", shape: "number" },
  { value: "comm", detail: "char[16]", risk: "s1", shape: "text" },
  { value: "path", detail: "char[]", risk: "s3", shape: "text" },
];
const param = (name: string, type: Param["type"]): Param => ({ name, type });
const tracepoint = { risk: "s1" as const, params: [param("fields", "fields"), param("where", "conditions"), param("strings", "fields")] };
const call = { risk: "s2" as const, params: [param("function", "function"), param("args", "arguments"), param("ret", "arguments")] };
const probe = { risk: "s2" as const, params: [param("probe", "usdt"), param("args", "arguments")] };

describe("a draft is as risky as", () => {
  it("the fields that it shows and compares", () => {
    expect(draftRisk(tracepoint, fields, {}, [])).toBe("s3");
    expect(draftRisk(tracepoint, fields, { fields: "len,comm" }, [])).toBe("s1");
    expect(draftRisk(tracepoint, fields, { fields: "len", where: 'path ^= "/home"' }, [])).toBe("s3");
  });

  it("the strings that it follows, whether the host has told its fields or not", () => {
    expect(draftRisk(tracepoint, fields, { fields: "len", strings: "buf" }, [])).toBe("s3");
    expect(draftRisk(tracepoint, [], { strings: "buf" }, [])).toBe("s3");
    expect(draftRisk(tracepoint, [], { fields: "buf" }, [])).toBe("s1");
  });

  it.each([
    ["", "s2"],
    ["_,_", "s2"],
    ["fd:s32,n:u64", "s3"],
    ["str:s32", "s3"],
    ["_,s32", "s3"],
    ["fd:s32,path:str", "s3"],
    ["_, bytes[64]", "s3"],
    ["bytes[count:100],count:u64", "s3"],
    ["str", "s3"],
  ])("the arguments %j", (args, risk) => {
    expect(draftRisk(call, [], { function: "/opt/app:run", args }, [[]])).toBe(risk);
    expect(draftRisk(call, [], { function: "/opt/app:run", ret: args }, [[]])).toBe(risk);
  });

  it("the numbers of calls that not every chosen host's owner has listed", () => {
    const draft = { function: "/opt/app:run", args: "fd:s32" };
    expect(draftRisk(call, [], draft, [["/opt/app:*"]])).toBe("s2");
    expect(draftRisk(call, [], draft, [["/opt/app:*"], ["/opt/app:run"]])).toBe("s2");
    expect(draftRisk(call, [], draft, [["/opt/app:*"], []])).toBe("s3");
    expect(draftRisk(call, [], draft, [])).toBe("s3");
    expect(draftRisk(call, [], { ...draft, args: "path:str" }, [["/opt/app:*"]])).toBe("s3");
  });

  it("what a USDT probe shows unless it is told to show nothing", () => {
    expect(draftRisk(probe, [], { probe: "/opt/app:a:b" }, [[]])).toBe("s3");
    expect(draftRisk(probe, [], { probe: "/opt/app:a:b", args: "_" }, [[]])).toBe("s2");
    expect(draftRisk(probe, [], { probe: "/opt/app:a:b" }, [["/opt/app:a:*"]])).toBe("s2");
  });

  it("counting, whatever is counted", () => {
    expect(draftRisk({ risk: "s1", params: [param("function", "function")] }, [], { function: "c:read" }, [[]])).toBe("s1");
  });
});

it("what an owner would list is said where that is all that is missing", () => {
  const draft = { function: "/opt/app:run", args: "fd:s32" };
  expect(entryToList(call, draft, [[]])).toBe("/opt/app:run");
  expect(entryToList(call, { ...draft, function: "c:read" }, [[]])).toBe("/opt/app/server:handle_*");
  expect(entryToList(call, draft, [["/opt/app:run"]])).toBeNull();
  expect(entryToList(call, { ...draft, ret: "str" }, [[]])).toBeNull();
});
