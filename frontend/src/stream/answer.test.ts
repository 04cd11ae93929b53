import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { ColumnSchema, CType, Role, Unit } from "../gen/proto/v1/tool_pb";
import { chunkOfAnswer } from "./answer";
import { valueAt, type Value } from "./chunk";

const columns = [
  create(ColumnSchema, { name: "time", type: CType.CTYPE_S64, unit: Unit.BOOT_TIME, role: Role.TIME }),
  create(ColumnSchema, { name: "pid", type: CType.CTYPE_U32, unit: Unit.PID, role: Role.KEY }),
  create(ColumnSchema, { name: "cgroup", type: CType.CTYPE_U64, unit: Unit.CGROUP, role: Role.KEY }),
  create(ColumnSchema, { name: "function", type: CType.CTYPE_NAME, unit: Unit.FUNCTION, role: Role.KEY }),
  create(ColumnSchema, { name: "path", type: CType.CTYPE_STRING, unit: Unit.FILE_PATH, role: Role.TEXT }),
  create(ColumnSchema, { name: "stack", type: CType.CTYPE_STACK, role: Role.STACK }),
];
const runOf = (host: string) => (host === "a" ? { index: 0, bootNs: 5n, wallNs: 1_790_000_000_000_000_000n } : { index: 1, bootNs: 0n, wallNs: 100n });

it("makes of an answer the rows that the host had sent", () => {
  const chunk = chunkOfAnswer(
    columns,
    [
      ["a", "1790000000000000007", 42, "18446744073709551615", "a\\b", "/x\\\\y\\xff", ["main", "read"]],
      ["b", "150", 7, 9, "f", "", []],
    ],
    runOf,
  );
  const row = (at: number): Value[] => chunk.columns.map((column) => valueAt(column, at));
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  expect(row(0)).toEqual([12n, 42, 18446744073709551615n, bytes("a\\b"), Uint8Array.of(0x2f, 0x78, 0x5c, 0x79, 0xff), [bytes("main"), bytes("read")]]);
  expect(row(1)).toEqual([50n, 7, 9n, bytes("f"), new Uint8Array(0), []]);
  expect([...chunk.runs]).toEqual([0, 1]);
});
