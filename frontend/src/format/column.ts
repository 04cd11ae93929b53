import { type Column, CType, Role, Unit } from "../gen/proto/v1/tool_pb";
import type { Value } from "../stream/chunk";
import { escapeBytes, splitArgv, visible } from "./bytes-text";
import { errnoName, signalName } from "./errno";
import { bytes, count, log2Slot, nanoseconds, percent } from "./numbers";
import { openFlags } from "./open-flags";
import { symbolText } from "./symbols";

/** What a column's unit and role make of a value. No tool formats its own values. */
export type ColumnMeaning = Pick<Column, "unit" | "role"> & Partial<Pick<Column, "symbols" | "flags">>;

export function formatValue(column: ColumnMeaning, value: Value): string {
  if (value instanceof Uint8Array) return formatBytes(column, value);
  if (typeof value !== "number" && typeof value !== "bigint") return value.map((frame) => visible(escapeBytes(frame))).join(" → ");
  return formatNumber(column, value);
}

function formatBytes(column: ColumnMeaning, value: Uint8Array): string {
  if (column.unit !== Unit.ARGV) return visible(escapeBytes(value));
  return splitArgv(value)
    .map((argument) => visible(escapeBytes(argument)))
    .join(" ");
}

function formatNumber(column: ColumnMeaning, value: number | bigint): string {
  if (column.symbols !== undefined && column.symbols.length > 0) return symbolText(column.symbols, column.flags === true, value);
  switch (column.unit) {
    case Unit.NANOSECONDS:
      return nanoseconds(value);
    case Unit.MICROSECONDS:
      return nanoseconds(Number(value) * 1000);
    case Unit.BYTES:
      return bytes(value);
    case Unit.COUNT:
      return count(value);
    case Unit.PERCENT:
      return percent(Number(value));
    case Unit.ERRNO:
      return errnoName(Math.abs(Number(value)));
    case Unit.OPEN_FLAGS:
      return openFlags(Number(value));
    case Unit.SIGNAL:
      return signalName(Number(value));
    case Unit.ADDRESS:
      return `0x${value.toString(16)}`;
    case Unit.LOG2_SLOT:
      return log2Slot(Number(value), nanoseconds);
    case Unit.TERMINAL:
      return `pts/${value}`;
    case Unit.CONNECTION:
      return `0x${value.toString(16)}`;
    default:
      return value.toString();
  }
}

/** The value as exports write it: for copying, for titles, for exact comparison. */
export function rawText(value: Value): string {
  if (value instanceof Uint8Array) return escapeBytes(value);
  if (typeof value === "number" || typeof value === "bigint") return value.toString();
  return value.map(escapeBytes).join(";");
}

const QUANTITIES = new Set([Unit.NANOSECONDS, Unit.MICROSECONDS, Unit.BYTES, Unit.COUNT, Unit.PERCENT]);
const IDENTIFIERS = new Set([Unit.PID, Unit.TID, Unit.UID, Unit.FD, Unit.PORT, Unit.CGROUP]);

export function alignsRight(column: ColumnMeaning): boolean {
  return column.role === Role.MEASURE || QUANTITIES.has(column.unit) || IDENTIFIERS.has(column.unit);
}

const TEXT_TYPES = new Set([CType.CTYPE_CHAR, CType.CTYPE_STRING, CType.CTYPE_NAME, CType.CTYPE_STACK]);

/** Its rows carry bytes or names, not numbers. */
export function isText(column: Pick<Column, "type">): boolean {
  return TEXT_TYPES.has(column.type);
}

/** Characters a column usually needs; the last text column takes the rest. */
export function typicalWidth(column: Pick<Column, "unit" | "role" | "type">): number {
  switch (column.unit) {
    case Unit.BOOT_TIME:
      return 15;
    case Unit.COMM:
      return 16;
    case Unit.FILE_PATH:
    case Unit.ARGV:
      return 32;
    case Unit.OPEN_FLAGS:
      return 26;
    case Unit.SYSCALL:
    case Unit.FUNCTION:
      return 22;
    case Unit.ERRNO:
      return 12;
    case Unit.CGROUP:
    case Unit.CONNECTION:
      return 14;
    case Unit.TERMINAL:
    case Unit.DIRECTION:
      return 8;
    case Unit.IP_ADDRESS:
    case Unit.CONTAINER:
      return 24;
    case Unit.ADDRESS:
      return 18;
    case Unit.PID:
    case Unit.TID:
      return 7;
    case Unit.FD:
    case Unit.UID:
    case Unit.PORT:
      return 6;
    default:
      return column.role === Role.STACK || column.role === Role.PAYLOAD ? 60 : isText(column) && column.unit === Unit.NONE ? 20 : 11;
  }
}
