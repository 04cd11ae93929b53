import { create } from "@bufbuild/protobuf";
import { ColumnSchema, Role, Unit } from "../gen/proto/v1/tool_pb";
import type { Chunk } from "../stream/chunk";
import { bytesColumn, chunkOf } from "../stream/testing";

/** Columns and rows of aggregates, for tests. */
export const time = create(ColumnSchema, { name: "time", unit: Unit.BOOT_TIME, role: Role.TIME });
export const syscall = create(ColumnSchema, { name: "syscall", unit: Unit.SYSCALL, role: Role.KEY });
export const calls = create(ColumnSchema, { name: "count", unit: Unit.COUNT, role: Role.MEASURE });
export const total = create(ColumnSchema, { name: "total", unit: Unit.NANOSECONDS, role: Role.MEASURE });
export const slot = create(ColumnSchema, { name: "slot", unit: Unit.LOG2_SLOT, role: Role.BUCKET });
const SECOND = 1_000_000_000n;
export const anchor = () => ({ bootNs: 0n, wallNs: 1000n * SECOND });

export interface Row {
  readonly second: bigint;
  readonly name: string;
  readonly values: readonly (number | bigint)[];
  readonly run?: number;
}

export function rows(list: readonly Row[]): Chunk {
  const width = list[0]?.values.length ?? 0;
  return chunkOf(
    [
      { kind: "big", values: BigInt64Array.from(list.map((row) => row.second * SECOND)) },
      bytesColumn(list.map((row) => row.name)),
      ...Array.from({ length: width }, (_, i) => ({
        kind: "big" as const,
        values: BigUint64Array.from(list.map((row) => BigInt(row.values[i] ?? 0))),
      })),
    ],
    list.length,
    { runs: Uint16Array.from(list.map((row) => row.run ?? 0)) },
  );
}
