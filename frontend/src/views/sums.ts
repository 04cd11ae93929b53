import type { Answer, Filter, Question } from "../api/tracing";
import { type Column, Unit } from "../gen/proto/v1/tool_pb";
import { chunkOfAnswer, type RunOfHost } from "../stream/answer";
import type { Chunk } from "../stream/chunk";

/** Groups that one answer may have: the server's own bound. */
export const MOST_GROUPS = 10_000;

/** Rows of a stream added up: those that agree in `keys`, and in the time where it is cut into `seconds`, become one. */
export interface Sums {
  readonly stream: string;
  readonly columns: readonly Column[];
  readonly filters: readonly Filter[];
  readonly anyOf?: readonly (readonly Filter[])[];
  readonly keys: readonly string[];
  readonly seconds?: number;
  /** Measures to add up; the largest sums of the first come first. */
  readonly measures: readonly string[];
  readonly limit?: number;
}

/** What to ask the store for. */
export function sumsQuestion({ stream, columns, filters, anyOf = [], keys, seconds, measures, limit = MOST_GROUPS }: Sums): Question {
  const time = seconds === undefined ? undefined : timeOf(columns);
  return {
    stream,
    filters: [...filters],
    any_of: anyOf.map((alternatives) => [...alternatives]),
    group_by: [...(time === undefined || seconds === undefined ? [] : [{ column: time, width: seconds * 1e9 }]), ...keys.map((column) => ({ column }))],
    measures: measures.map((column) => ({ function: "sum" as const, column })),
    order: measures.slice(0, 1).map((column) => ({ by: `sum_${column}`, descending: true })),
    limit,
  };
}

export function timeOf(columns: readonly Column[]): string | undefined {
  return columns.find((column) => column.unit === Unit.BOOT_TIME)?.name;
}

/**
 * The answer as rows of the stream, so that views take them in as they do those that arrive: of a measure its sum or its highest
 * value, whichever was asked for. What was not is empty.
 */
export function chunkOfSums(columns: readonly Column[], answer: Answer, runOf: (host: string) => RunOfHost): Chunk {
  const places = new Map(answer.columns.map(({ name }, place) => [name, place]));
  const cells = ["host", ...columns.map(({ name }) => name)].map((name) => places.get(name) ?? places.get(`sum_${name}`) ?? places.get(`max_${name}`) ?? -1);
  return chunkOfAnswer(columns, answer.rows.map((row) => cells.map((place) => row[place])), runOf);
}
