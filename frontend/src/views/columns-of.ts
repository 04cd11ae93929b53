import { type Column, Role } from "../gen/proto/v1/tool_pb";
import { type Anchor, wallNs } from "../format/clock";
import { type Chunk, columnOf, valueAt } from "../stream/chunk";

/** The columns of an aggregate by what they are for, as indices into the schema. */
export interface Roles {
  readonly time: number;
  readonly keys: readonly number[];
  readonly measures: readonly number[];
  readonly bucket: number;
  readonly stack: number;
  /** The measure that counts events. */
  readonly hits: number;
}

export function rolesOf(columns: readonly Column[], hits: string): Roles {
  const all = (role: Role): number[] => columns.flatMap((column, index) => (column.role === role ? [index] : []));
  const measures = all(Role.MEASURE);
  const named = columns.findIndex((column) => column.name === hits);
  return {
    time: all(Role.TIME)[0] ?? -1,
    keys: [...all(Role.KEY), ...all(Role.TEXT)],
    measures,
    bucket: all(Role.BUCKET)[0] ?? -1,
    stack: all(Role.STACK)[0] ?? -1,
    hits: named >= 0 ? named : (measures[0] ?? -1),
  };
}

export type AnchorOf = (run: number) => Anchor | undefined;

export function numberAt(chunk: Chunk, column: number, row: number): number {
  const value = column < 0 ? 1 : valueAt(columnOf(chunk, column), row);
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
}

export function timeAt(chunk: Chunk, column: number, row: number): bigint {
  const value = column < 0 ? 0n : valueAt(columnOf(chunk, column), row);
  return typeof value === "bigint" ? value : 0n;
}

export function wallSecond(anchorOf: AnchorOf, run: number, boot: bigint): number {
  const anchor = anchorOf(run);
  return Number((anchor === undefined ? boot : wallNs(anchor, boot)) / 1_000_000_000n);
}
