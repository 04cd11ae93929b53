import { isText } from "../format/column";
import { unescapeBytes } from "../format/bytes-text";
import { type Anchor } from "../format/clock";
import { type Column, CType, Unit } from "../gen/proto/v1/tool_pb";
import type { Chunk, ColumnData, Dictionary } from "./chunk";

export interface RunOfHost extends Anchor {
  readonly index: number;
}

type Cell = unknown;

/**
 * Rows that were asked for, as a chunk like those that are streamed. `rows` hold the host first, then the stream's columns as
 * the API writes them: bytes escaped, times on the wall clock, integers that a double cannot hold as text.
 */
export function chunkOfAnswer(columns: readonly Column[], rows: readonly (readonly Cell[])[], runOf: (host: string) => RunOfHost): Chunk {
  const runs = rows.map((row) => runOf(String(row[0])));
  return {
    rows: rows.length,
    bytes: 0,
    columns: columns.map((column, place) => columnOf(column, rows.map((row) => row[place + 1]), runs)),
    runs: Uint16Array.from(runs.map(({ index }) => index)),
    order: null,
  };
}

function columnOf(column: Column, cells: readonly Cell[], runs: readonly RunOfHost[]): ColumnData {
  if (column.unit === Unit.BOOT_TIME) {
    const boot = cells.map((cell, row) => integer(cell) - (runs[row]?.wallNs ?? 0n) + (runs[row]?.bootNs ?? 0n));
    return { kind: "big", values: BigInt64Array.from(boot) };
  }
  switch (column.type) {
    case CType.CTYPE_STACK:
      return stacks((cells as readonly (readonly string[] | null)[]).map((cell) => cell ?? []));
    case CType.CTYPE_U64:
      return { kind: "big", values: BigUint64Array.from(cells.map(integer)) };
    case CType.CTYPE_S64:
      return { kind: "big", values: BigInt64Array.from(cells.map(integer)) };
    default:
      return isText(column) ? texts(column, cells.map((cell) => (typeof cell === "string" ? cell : ""))) : { kind: "number", values: Float64Array.from(cells.map(Number)) };
  }
}

function integer(cell: Cell): bigint {
  return typeof cell === "number" || typeof cell === "string" ? BigInt(cell) : 0n;
}

/** Names come as they are, everything that the kernel filled in comes escaped. */
function texts(column: Column, cells: readonly string[]): ColumnData {
  const bytesOf = column.type === CType.CTYPE_NAME ? (text: string) => new TextEncoder().encode(text) : unescapeBytes;
  return { kind: "bytes", codes: Int32Array.from(cells.keys()), dictionary: dictionary(cells.map(bytesOf)) };
}

function stacks(cells: readonly (readonly string[])[]): ColumnData {
  const frames = cells.flat();
  const offsets = new Int32Array(cells.length + 1);
  cells.forEach((cell, row) => (offsets[row + 1] = (offsets[row] ?? 0) + cell.length));
  const encoder = new TextEncoder();
  return { kind: "stack", offsets, codes: Int32Array.from(frames.keys()), dictionary: dictionary(frames.map((frame) => encoder.encode(frame))) };
}

function dictionary(values: readonly Uint8Array[]): Dictionary {
  const offsets = new Int32Array(values.length + 1);
  values.forEach((value, place) => (offsets[place + 1] = (offsets[place] ?? 0) + value.length));
  const data = new Uint8Array(offsets[values.length] ?? 0);
  values.forEach((value, place) => data.set(value, offsets[place]));
  return { offsets, data };
}
