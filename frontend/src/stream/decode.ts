import { type Data, RecordBatchReader } from "apache-arrow";
import type { ColumnData, Dictionary, NumberArray } from "./chunk";

export interface Body {
  readonly body: Uint8Array;
  readonly rows: number;
}

/**
 * The columns of each batch: the run's pinned schema message followed by the batches' own messages is an Arrow stream. Batches
 * that are at hand together are read as one stream, because making a reader costs ten times what a small batch does.
 */
export function decodeBodies(schema: Uint8Array, bodies: readonly Body[]): ColumnData[][] {
  const decoded: ColumnData[][] = [];
  for (const batch of RecordBatchReader.from(joined([schema, ...bodies.map(({ body }) => body)]))) {
    const rows = bodies[decoded.length]?.rows;
    if (batch.numRows !== rows) throw misfit(rows ?? 0);
    decoded.push(batch.data.children.map(toColumn));
  }
  if (decoded.length !== bodies.length) throw misfit(bodies[decoded.length]?.rows ?? 0);
  return decoded;
}

function misfit(rows: number): Error {
  return new Error(`A batch does not hold the ${rows} rows that it says; reload the page, and report it if it stays.`);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function toColumn(data: Data): ColumnData {
  if (data.dictionary !== undefined) {
    return { kind: "bytes", codes: codesOf(data), dictionary: dictionaryOf(data) };
  }
  const child = data.children[0];
  if (child !== undefined) {
    return {
      kind: "stack",
      offsets: offsetsOf(data),
      codes: codesOf(child),
      dictionary: dictionaryOf(child),
    };
  }
  const values = data.values as NumberArray | BigInt64Array | BigUint64Array;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    return { kind: "big", values: values.subarray(0, data.length) };
  }
  return { kind: "number", values: values.subarray(0, data.length) };
}

function codesOf(data: Data): Int32Array {
  return (data.values as Int32Array).subarray(0, data.length);
}

function offsetsOf(data: Data): Int32Array {
  return (data.valueOffsets as Int32Array).subarray(0, data.length + 1);
}

function dictionaryOf(data: Data): Dictionary {
  const parts = data.dictionary?.data ?? [];
  const only = parts[0] as Data | undefined;
  if (only === undefined) return { offsets: new Int32Array(1), data: new Uint8Array(0) };
  if (parts.length > 1) throw new Error("A batch came with a dictionary in pieces; reload the page, and report it if it stays.");
  return { offsets: offsetsOf(only), data: only.values as Uint8Array };
}
