import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ColumnSchema, CType, Role, Unit } from "../../gen/proto/v1/tool_pb";
import { nextSort, sortText } from "./sorting";

const columns = [
  create(ColumnSchema, { name: "time", type: CType.CTYPE_S64, unit: Unit.BOOT_TIME, role: Role.TIME }),
  create(ColumnSchema, { name: "latency", type: CType.CTYPE_U64, unit: Unit.NANOSECONDS, role: Role.MEASURE }),
  create(ColumnSchema, { name: "path", type: CType.CTYPE_STRING, unit: Unit.FILE_PATH, role: Role.TEXT }),
];

describe("sorting by a heading", () => {
  it("begins at the interesting end, turns round, and goes back", () => {
    const largest = nextSort(null, "latency", columns);
    const smallest = nextSort(largest, "latency", columns);
    expect([largest, smallest, nextSort(smallest, "latency", columns)]).toEqual([
      { column: "latency", descending: true },
      { column: "latency", descending: false },
      null,
    ]);
    expect(nextSort(largest, "path", columns)).toEqual({ column: "path", descending: false });
    expect(nextSort(null, "host", columns)).toEqual({ column: "host", descending: false });
  });

  it("is said in words", () => {
    const text = (column: string, descending: boolean): string => sortText({ column, descending }, columns);
    expect([text("time", true), text("latency", false), text("path", true), text("host", false)]).toEqual([
      "time, newest first",
      "latency, smallest first",
      "path, Z to A",
      "host, A to Z",
    ]);
  });
});
