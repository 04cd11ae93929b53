import { useMemo } from "react";
import type { Answer, Question } from "../../api/tracing";
import { rangeFilters } from "../../stream/range";
import type { StreamRows } from "../../stream/session";
import { rolesOf } from "../columns-of";
import { fromStore, runOfHost, useAnswer } from "../stored";
import { chunkOfSums, MOST_GROUPS, timeOf } from "../sums";
import type { ViewProps } from "../view-props";
import { CounterSeries } from "./transform";

export interface StoredCounters {
  /** Null until the store has answered, or while it is not asked. */
  readonly counters: CounterSeries | null;
  /** Seconds that one point stands for, with the highest value of them; 0: every point is a row. */
  readonly step: number;
  /** There are more points than these; the first are drawn. */
  readonly cut: boolean;
  readonly error: Error | null;
}

/** The curves as the store has them: of the whole session, or of the time that is marked. */
export function useStoredCounters(props: ViewProps): StoredCounters {
  const { session, stream, range } = props;
  const time = timeOf(stream.columns);
  const asked = time !== undefined && fromStore(props);
  const filters = rangeFilters(range, stream.columns);
  const extent = useAnswer(session, asked ? { stream: stream.name, filters, measures: extentOf(time) } : null);
  const step = extent.answer === null ? 0 : stepFor(extent.answer);
  const points = useAnswer(session, asked && extent.answer !== null ? pointsQuestion(stream, time, filters, step) : null);
  const counters = useMemo(() => {
    if (points.answer === null) return null;
    const made = new CounterSeries(stream.columns, stream.hits, (run) => session.run(run));
    made.add(chunkOfSums(stream.columns, points.answer, runOfHost(session)));
    return made;
  }, [session, stream, points.answer]);
  return { counters, step, cut: points.answer?.rows.length === MOST_GROUPS, error: extent.error ?? points.error };
}

function extentOf(time: string): Question["measures"] {
  return [{ function: "count" }, ...(["min", "max", "distinct"] as const).map((name) => ({ function: name, column: time }))];
}

/** Seconds to put into one point, so that all points fit into one answer; 0 where the rows themselves do. */
export function stepFor({ rows: [first] }: Answer): number {
  const [rows, from, to, moments] = (first ?? []).map((value) => Number(value ?? 0));
  if (rows === undefined || rows <= MOST_GROUPS) return 0;
  const between = ((to ?? 0) - (from ?? 0)) / 1e9 / Math.max(1, moments ?? 1);
  return Math.ceil(Math.ceil(rows / (MOST_GROUPS - 1)) * Math.max(1, between));
}

export function pointsQuestion(stream: Pick<StreamRows, "name" | "columns" | "hits">, time: string, filters: Question["filters"], step: number): Question {
  const base = { stream: stream.name, filters: filters ?? [], order: [{ by: time }], limit: MOST_GROUPS };
  if (step === 0) return { ...base, columns: ["host", ...stream.columns.map(({ name }) => name)] };
  const { keys, measures } = rolesOf(stream.columns, stream.hits);
  const name = (index: number): string => stream.columns[index]?.name ?? "";
  return {
    ...base,
    group_by: [{ column: time, width: step * 1e9 }, { column: "host" }, ...keys.map((index) => ({ column: name(index) }))],
    measures: measures.map((index) => ({ function: "max" as const, column: name(index) })),
  };
}
