import { type Data, RecordBatchReader } from "apache-arrow";
import type { ColumnData, Dictionary, NumberArray } from "./chunk";

/** The columns of one batch: the run's pinned schema message followed by the batch's own messages is an Arrow stream. */
export function decodeBody(schema: Uint8Array, body: Uint8Array, rows: number): ColumnData[] {
  const stream = new Uint8Array(schema.length + body.length);
  stream.set(schema, 0);
  stream.set(body, schema.length);
  for (const batch of RecordBatchReader.from(stream)) {
    if (batch.numRows === rows) return batch.data.children.map(toColumn);
  }
  throw new Error(`A batch does not hold the ${rows} rows that it says; reload the page, and report it if it stays.`);
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
