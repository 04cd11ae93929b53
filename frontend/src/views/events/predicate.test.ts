import { describe, expect, it } from "vitest";
import { create } from "@bufbuild/protobuf";
import { ColumnSchema, CType, Role, Unit } from "../../gen/proto/v1/tool_pb";
import type { Chunk } from "../../stream/chunk";
import { bytesColumn, chunkOf } from "../../stream/testing";
import { makeMatcher } from "./predicate";

const columns = [
  create(ColumnSchema, { name: "pid", unit: Unit.PID, role: Role.KEY }),
  create(ColumnSchema, { name: "error", unit: Unit.ERRNO, role: Role.KEY }),
  create(ColumnSchema, { name: "latency", unit: Unit.NANOSECONDS, role: Role.MEASURE }),
  create(ColumnSchema, { name: "comm", type: CType.CTYPE_CHAR, unit: Unit.COMM, role: Role.KEY }),
  create(ColumnSchema, { name: "path", type: CType.CTYPE_STRING, unit: Unit.FILE_PATH, role: Role.TEXT }),
];

const chunk: Chunk = chunkOf(
  [
    { kind: "number", values: Uint32Array.from([100, 200, 300, 1002]) },
    { kind: "number", values: Int32Array.from([0, 2, 13, 0]) },
    { kind: "big", values: BigUint64Array.from([500n, 5_000_000n, 1_000_000n, 2_000n]) },
    bytesColumn(["make", "cc1", "Make", "nginx"]),
    bytesColumn(["/usr/include/a.h", "/tmp/x", "/etc/PASSWD", Uint8Array.from([0x2f, 0xff])]),
  ],
  4,
);

function found(search: string, filters: Record<string, string> = {}): number[] {
  const matcher = makeMatcher(columns, search, filters);
  return matcher === null ? [0, 1, 2, 3] : [...matcher(chunk)];
}

describe("quick search", () => {
  it("looks into text and ids, in any case, every word somewhere", () => {
    expect(found("make")).toEqual([0, 2]);
    expect(found("passwd")).toEqual([2]);
    expect(found("make usr")).toEqual([0]);
    expect(found("100")).toEqual([0, 3]);
  });

  it("finds errors by name", () => {
    expect(found("enoent")).toEqual([1]);
  });

  it("passes everything when empty", () => {
    expect(makeMatcher(columns, "  ", { pid: "" })).toBeNull();
  });
});

describe("column filters", () => {
  it("compare numbers, with units", () => {
    expect(found("", { pid: "200" })).toEqual([1]);
    expect(found("", { pid: ">=200" })).toEqual([1, 2, 3]);
    expect(found("", { pid: "!200" })).toEqual([0, 2, 3]);
    expect(found("", { latency: ">1ms" })).toEqual([1]);
    expect(found("", { latency: "<= 2us" })).toEqual([0, 3]);
  });

  it("know errors by name and as failed or not", () => {
    expect(found("", { error: "EACCES" })).toEqual([2]);
    expect(found("", { error: "!0" })).toEqual([1, 2]);
  });

  it("look into text, and can be turned round", () => {
    expect(found("", { path: "tmp" })).toEqual([1]);
    expect(found("", { comm: "!make" })).toEqual([1, 3]);
  });

  it("take addresses and words for text", () => {
    const ends = [
      create(ColumnSchema, { name: "raddr", type: CType.CTYPE_CHAR, unit: Unit.IP_ADDRESS, role: Role.KEY }),
      create(ColumnSchema, { name: "state", type: CType.CTYPE_CHAR, unit: Unit.WORD, role: Role.KEY }),
    ];
    const rows = chunkOf([bytesColumn(["10.0.0.1", "::1", "10.0.0.2"]), bytesColumn(["CLOSE", "CLOSE", "LISTEN"])], 3);
    const matches = (filters: Record<string, string>) => [...(makeMatcher(ends, "", filters)?.(rows) ?? [])];
    expect(matches({ raddr: "10.0.0." })).toEqual([0, 2]);
    expect(matches({ raddr: "!::1", state: "close" })).toEqual([0]);
  });

  it("all have to hold", () => {
    expect(found("make", { error: "!0" })).toEqual([2]);
  });

  it("say what is wrong with them", () => {
    expect(() => found("", { pid: "abc" })).toThrow("pid: write a number");
    expect(() => found("", { pid: "ENOENT" })).toThrow("pid");
    expect(() => found("", { latency: "5 parsecs" })).toThrow("latency");
  });
});
