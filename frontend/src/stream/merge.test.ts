import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type Column, ColumnSchema, CType, Unit } from "../gen/proto/v1/tool_pb";
import { concat, valueAt } from "./chunk";
import { mergeColumns, placed, widenedColumns } from "./merge";
import { bytesColumn, chunkOf } from "./testing";

const column = (name: string, type: CType, symbols: readonly [bigint, string][] = []): Column =>
  create(ColumnSchema, { name, type, unit: Unit.NONE, symbols: symbols.map(([value, text]) => ({ value, name: text })) });

const old = [column("pid", CType.CTYPE_U32), column("flags", CType.CTYPE_U32), column("name", CType.CTYPE_CHAR)];
const newer = [column("pid", CType.CTYPE_U32), column("flags", CType.CTYPE_U64), column("extra", CType.CTYPE_STRING)];

describe("columns of hosts whose kernels differ", () => {
  it("are one where name and meaning are the same, and stand apart where not", () => {
    const { columns, places } = mergeColumns(old, newer);
    expect(columns.map(({ name }) => name)).toEqual(["pid", "flags", "name", "flags_u64", "extra"]);
    expect(places).toEqual([0, 3, 4]);
    expect(mergeColumns(columns, old).columns).toHaveLength(5);
  });

  it("are not one when the same value has another name", () => {
    const [on, off] = [column("state", CType.CTYPE_U8, [[1n, "ON"]]), column("state", CType.CTYPE_U8, [[1n, "OFF"]])];
    expect(mergeColumns([on], [off]).columns.map(({ name }) => name)).toEqual(["state", "state_u8"]);
  });

  it("can stand in one chunk: what a host lacks is filled with nothing", () => {
    const { columns, places } = mergeColumns(old, newer);
    const first = chunkOf(
      [
        { kind: "number", values: Uint32Array.of(7, 8) },
        { kind: "number", values: Uint32Array.of(1, 2) },
        bytesColumn(["a", "b"]),
      ],
      2,
    );
    const own = [
      { kind: "number" as const, values: Uint32Array.of(9) },
      { kind: "big" as const, values: BigUint64Array.of(2n ** 63n) },
      bytesColumn(["x"]),
    ];
    const second = chunkOf(placed(own, places, columns, 1), 1);
    const both = concat([{ ...first, columns: widenedColumns(first, columns) }, second]);
    const text = (value: unknown): string => (value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value));
    expect(both.columns.map((data) => [0, 1, 2].map((row) => text(valueAt(data, row))))).toEqual([
      ["7", "8", "9"],
      ["1", "2", "0"],
      ["a", "b", ""],
      ["0", "0", String(2n ** 63n)],
      ["", "", "x"],
    ]);
  });
});
