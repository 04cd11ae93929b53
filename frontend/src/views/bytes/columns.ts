import { type Column, Role, Unit } from "../../gen/proto/v1/tool_pb";
import { type Chunk, columnOf, valueAt } from "../../stream/chunk";

/** The columns of a stream of bytes by what they are for, as indices into the schema; -1: the stream has none. */
export interface BytesColumns {
  readonly time: number;
  readonly payload: number;
  readonly size: number;
  readonly direction: number;
  readonly terminal: number;
  readonly connection: number;
  readonly pid: number;
  readonly comm: number;
  readonly latency: number;
  readonly screenRows: number;
  readonly screenColumns: number;
}

export function bytesColumns(columns: readonly Column[]): BytesColumns {
  const unit = (wanted: Unit): number => columns.findIndex((column) => column.unit === wanted);
  return {
    time: columns.findIndex((column) => column.role === Role.TIME),
    payload: columns.findIndex((column) => column.role === Role.PAYLOAD),
    size: unit(Unit.BYTES),
    direction: unit(Unit.DIRECTION),
    terminal: unit(Unit.TERMINAL),
    connection: unit(Unit.CONNECTION),
    pid: unit(Unit.PID),
    comm: unit(Unit.COMM),
    latency: unit(Unit.NANOSECONDS),
    screenRows: unit(Unit.SCREEN_ROWS),
    screenColumns: unit(Unit.SCREEN_COLUMNS),
  };
}

/** What the bytes are, as their schema says it. */
export type Likeness = "terminal" | "conversation" | "bytes";

export function likenessOf(columns: readonly Column[]): Likeness {
  const { terminal, connection, direction } = bytesColumns(columns);
  if (terminal >= 0) return "terminal";
  return connection >= 0 && direction >= 0 ? "conversation" : "bytes";
}

export type Direction = "in" | "out" | "";

const decoder = new TextDecoder();

export function wordAt(chunk: Chunk, column: number, row: number): string {
  if (column < 0) return "";
  const value = valueAt(columnOf(chunk, column), row);
  return value instanceof Uint8Array ? decoder.decode(value) : String(value);
}

export function directionAt(chunk: Chunk, column: number, row: number): Direction {
  const word = wordAt(chunk, column, row);
  return word === "in" || word === "out" ? word : "";
}

/** A copy: the chunk that it came in may be joined, cut and let go. */
export function payloadAt(chunk: Chunk, column: number, row: number): Uint8Array {
  const value = column < 0 ? null : valueAt(columnOf(chunk, column), row);
  return value instanceof Uint8Array ? value.slice() : new Uint8Array(0);
}
