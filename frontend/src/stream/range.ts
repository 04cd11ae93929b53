import type { Filter } from "../api/tracing";
import { type Column, Unit } from "../gen/proto/v1/tool_pb";

/** A part of a session's time that a person marked: seconds of wall clock, `from` inclusive, `to` exclusive. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

const NS = 1_000_000_000n;

/** The range as filters on the stream's time; none where rows have no time. */
export function rangeFilters(range: TimeRange | null, columns: readonly Pick<Column, "name" | "unit">[]): Filter[] {
  const time = columns.find((column) => column.unit === Unit.BOOT_TIME);
  if (range === null || time === undefined) return [];
  return [
    { column: time.name, op: "ge", value: (BigInt(range.from) * NS).toString() },
    { column: time.name, op: "lt", value: (BigInt(range.to) * NS).toString() },
  ];
}
