import { type Column, CType } from "../gen/proto/v1/tool_pb";
import type { Chunk, ColumnData } from "./chunk";

/** The columns so far with a run's own behind them, and where each of its own stands. The server merges by the same rule. */
export function mergeColumns(known: readonly Column[], own: readonly Column[]): { columns: readonly Column[]; places: readonly number[] } {
  const columns = [...known];
  const places = own.map((column) => placeOf(columns, column));
  return { columns, places };
}

function placeOf(columns: Column[], column: Column): number {
  for (const name of namesOf(column)) {
    const at = columns.findIndex((candidate) => candidate.name === name);
    if (at < 0) return columns.push(name === column.name ? column : { ...column, name }) - 1;
    if (same(columns[at] as Column, column)) return at;
  }
  throw new Error("names never end");
}

/** Of one name and another meaning, a column is named after its type. */
function* namesOf(column: Column): Generator<string> {
  yield column.name;
  const typed = `${column.name}_${CType[column.type].replace("CTYPE_", "").toLowerCase()}`;
  yield typed;
  for (let number = 2; ; number++) yield `${typed}_${number}`;
}

function same(one: Column, other: Column): boolean {
  if (one.type !== other.type || one.unit !== other.unit || one.role !== other.role || one.flags !== other.flags) return false;
  const names = new Map(one.symbols.map((symbol) => [symbol.value, symbol.name]));
  return other.symbols.every((symbol) => (names.get(symbol.value) ?? symbol.name) === symbol.name);
}

/** A run's columns at their places; the others hold nothing. */
export function placed(own: readonly ColumnData[], places: readonly number[], columns: readonly Column[], rows: number): ColumnData[] {
  if (own.length === columns.length && places.every((place, index) => place === index)) return [...own];
  const all: ColumnData[] = [];
  places.forEach((place, index) => (all[place] = own[index] as ColumnData));
  return columns.map((column, index) => all[index] ?? nothing(column, rows));
}

export function widenedColumns(chunk: Chunk, columns: readonly Column[]): ColumnData[] {
  return columns.map((column, index) => chunk.columns[index] ?? nothing(column, chunk.rows));
}

/** What stands in for values that there are not: of the same kind, so that chunks can be joined. */
function nothing(column: Column, rows: number): ColumnData {
  const dictionary = { offsets: new Int32Array(2), data: new Uint8Array(0) };
  switch (column.type) {
    case CType.CTYPE_U8:
      return { kind: "number", values: new Uint8Array(rows) };
    case CType.CTYPE_U16:
      return { kind: "number", values: new Uint16Array(rows) };
    case CType.CTYPE_U32:
      return { kind: "number", values: new Uint32Array(rows) };
    case CType.CTYPE_S32:
      return { kind: "number", values: new Int32Array(rows) };
    case CType.CTYPE_U64:
      return { kind: "big", values: new BigUint64Array(rows) };
    case CType.CTYPE_S64:
      return { kind: "big", values: new BigInt64Array(rows) };
    case CType.CTYPE_STACK:
      return { kind: "stack", offsets: new Int32Array(rows + 1), codes: new Int32Array(0), dictionary };
    case CType.CTYPE_CHAR:
    case CType.CTYPE_STRING:
    case CType.CTYPE_NAME:
    case CType.CTYPE_UNSPECIFIED:
      return { kind: "bytes", codes: new Int32Array(rows), dictionary };
  }
}
