import { create } from "@bufbuild/protobuf";
import { type Column, ColumnSchema, CType, Role, Unit } from "../../gen/proto/v1/tool_pb";
import type { Chunk } from "../../stream/chunk";
import { bytesColumn, bytesOf, chunkOf } from "../../stream/testing";

/** Streams of bytes for tests: of TLS connections, and of terminals. */
export const SSL: readonly Column[] = [
  create(ColumnSchema, { name: "time", type: CType.CTYPE_S64, unit: Unit.BOOT_TIME, role: Role.TIME }),
  create(ColumnSchema, { name: "pid", type: CType.CTYPE_U32, unit: Unit.PID, role: Role.KEY }),
  create(ColumnSchema, { name: "comm", type: CType.CTYPE_CHAR, unit: Unit.COMM, role: Role.KEY }),
  create(ColumnSchema, { name: "conn", type: CType.CTYPE_U64, unit: Unit.CONNECTION, role: Role.KEY }),
  create(ColumnSchema, { name: "direction", type: CType.CTYPE_CHAR, unit: Unit.DIRECTION, role: Role.KEY }),
  create(ColumnSchema, { name: "duration", type: CType.CTYPE_U64, unit: Unit.NANOSECONDS, role: Role.MEASURE }),
  create(ColumnSchema, { name: "size", type: CType.CTYPE_U32, unit: Unit.BYTES, role: Role.MEASURE }),
  create(ColumnSchema, { name: "data", type: CType.CTYPE_STRING, role: Role.PAYLOAD }),
];

export interface Said {
  readonly ms?: number;
  readonly pid?: number;
  readonly comm?: string;
  readonly conn?: bigint;
  readonly direction?: string;
  readonly size?: number;
  readonly data: Uint8Array | string;
}

export function said(list: readonly Said[], run = 0): Chunk {
  return chunkOf(
    [
      { kind: "big", values: BigInt64Array.from(list.map(({ ms }) => BigInt(ms ?? 0) * 1_000_000n)) },
      { kind: "number", values: Uint32Array.from(list.map(({ pid }) => pid ?? 7)) },
      bytesColumn(list.map(({ comm }) => comm ?? "curl")),
      { kind: "big", values: BigUint64Array.from(list.map(({ conn }) => conn ?? 0xa0n)) },
      bytesColumn(list.map(({ direction }) => direction ?? "out")),
      { kind: "big", values: BigUint64Array.from(list.map(() => 5000n)) },
      { kind: "number", values: Uint32Array.from(list.map(({ size, data }) => size ?? bytesOf(data).length)) },
      bytesColumn(list.map(({ data }) => data)),
    ],
    list.length,
    { runs: new Uint16Array(list.length).fill(run) },
  );
}

export const TTY: readonly Column[] = [
  create(ColumnSchema, { name: "time", type: CType.CTYPE_S64, unit: Unit.BOOT_TIME, role: Role.TIME }),
  create(ColumnSchema, { name: "pts", type: CType.CTYPE_U32, unit: Unit.TERMINAL, role: Role.KEY }),
  create(ColumnSchema, { name: "direction", type: CType.CTYPE_CHAR, unit: Unit.DIRECTION, role: Role.KEY }),
  create(ColumnSchema, { name: "size", type: CType.CTYPE_U32, unit: Unit.BYTES, role: Role.MEASURE }),
  create(ColumnSchema, { name: "data", type: CType.CTYPE_STRING, role: Role.PAYLOAD }),
];

export interface Shown {
  readonly ms: number;
  readonly pts?: number;
  readonly direction?: string;
  readonly size?: number;
  readonly data: Uint8Array | string;
}

export function shown(list: readonly Shown[]): Chunk {
  return chunkOf(
    [
      { kind: "big", values: BigInt64Array.from(list.map(({ ms }) => BigInt(ms) * 1_000_000n)) },
      { kind: "number", values: Uint32Array.from(list.map(({ pts }) => pts ?? 3)) },
      bytesColumn(list.map(({ direction }) => direction ?? "out")),
      { kind: "number", values: Uint32Array.from(list.map(({ size, data }) => size ?? bytesOf(data).length)) },
      bytesColumn(list.map(({ data }) => data)),
    ],
    list.length,
  );
}
