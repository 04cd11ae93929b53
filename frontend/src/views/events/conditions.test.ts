import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ColumnSchema, CType, Role, Unit } from "../../gen/proto/v1/tool_pb";
import { gridConditions } from "./conditions";

const columns = [
  create(ColumnSchema, { name: "time", type: CType.CTYPE_S64, unit: Unit.BOOT_TIME, role: Role.TIME }),
  create(ColumnSchema, { name: "pid", type: CType.CTYPE_U32, unit: Unit.PID, role: Role.KEY }),
  create(ColumnSchema, { name: "error", type: CType.CTYPE_S32, unit: Unit.ERRNO, role: Role.KEY }),
  create(ColumnSchema, { name: "latency", type: CType.CTYPE_U64, unit: Unit.NANOSECONDS, role: Role.MEASURE }),
  create(ColumnSchema, { name: "path", type: CType.CTYPE_STRING, unit: Unit.FILE_PATH, role: Role.TEXT }),
];
const values = () => Promise.resolve([0, 2, 13]);
const asked = (search: string, filters: Record<string, string> = {}) => gridConditions(columns, search, filters, values);

describe("what the grid asks the store", () => {
  it("is nothing without a search", async () => {
    expect(await asked(" ", { pid: " " })).toEqual({ filters: [], any_of: [] });
  });

  it("looks for each word in text, in digits and in names, not in times and measures", async () => {
    expect((await asked("NoEnt 71")).any_of).toEqual([
      [
        { column: "pid", op: "has", value: "NoEnt" },
        { column: "error", op: "in", value: [2] },
        { column: "path", op: "has", value: "noent" },
      ],
      [
        { column: "pid", op: "has", value: "71" },
        { column: "error", op: "in", value: [] },
        { column: "path", op: "has", value: "71" },
      ],
    ]);
  });

  it("compares numbers with their units, and with what lies between whole ones", async () => {
    const filter = async (text: string) => (await asked("", { latency: text })).filters[0];
    expect(await filter(">1ms")).toEqual({ column: "latency", op: "gt", value: 1_000_000, negated: false });
    expect(await filter("!<=2.5")).toEqual({ column: "latency", op: "le", value: 2, negated: true });
    expect(await filter("<2.5")).toEqual({ column: "latency", op: "lt", value: 3, negated: false });
    expect(await filter(">=2.5")).toEqual({ column: "latency", op: "ge", value: 3, negated: false });
    expect(await filter("2.5")).toEqual({ column: "latency", op: "in", value: [], negated: false });
  });

  it("writes text as the API reads it", async () => {
    expect((await asked("", { path: "!A\\b" })).filters).toEqual([{ column: "path", op: "has", value: "a\\\\b", negated: true }]);
  });

  it("says what is wrong", async () => {
    await expect(asked("", { pid: "abc" })).rejects.toThrow("pid: write a number");
    await expect(asked("", { time: "3" })).rejects.toThrow("time: mark the time in the timeline");
  });
});
