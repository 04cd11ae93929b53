import { useMemo } from "react";
import type { Answer, Filter } from "../../api/tracing";
import { rangeFilters } from "../../stream/range";
import type { StreamRows } from "../../stream/session";
import { rolesOf } from "../columns-of";
import { fromStore, runOfHost, useAnswer } from "../stored";
import { chunkOfSums, MOST_GROUPS, type Sums, sumsQuestion, timeOf } from "../sums";
import { useSpan } from "../use-span";
import type { ViewProps } from "../view-props";
import { HISTORY, rankedRows, type Span, type TopRow, TopTable } from "./transform";

export interface TopWanted {
  readonly span: Span;
  readonly apart: boolean;
  /** Index of the measure to rank by. */
  readonly sort: number;
  /** How many of the first rows get their history too. */
  readonly shown: number;
}

export interface StoredTop {
  /** Null until the store has answered, or while it is not asked. */
  readonly rows: TopRow[] | null;
  /** There are more keys than these; the largest are ranked. */
  readonly cut: boolean;
  readonly error: Error | null;
}

/** The ranking as the store has it: all rows of the session, or of the time that is marked. */
export function useStoredTop(props: ViewProps, table: TopTable | null, wanted: TopWanted): StoredTop {
  const { session, stream, range } = props;
  const asked = table !== null && table.roles.measures.length > 0 && fromStore(props);
  const filters = rangeFilters(range, stream.columns);
  const time = timeOf(stream.columns);
  const lastOnly = wanted.span === "interval" && time !== undefined;
  const newest = useAnswer(
    session,
    asked && lastOnly
      ? { stream: stream.name, filters, group_by: [{ column: "host" }], measures: [{ function: "max", column: time }], limit: 10_000 }
      : null,
  );
  const sums = asked && (!lastOnly || newest.answer !== null) ? topSums(stream, table, wanted, filters, lastOnly ? newestOnly(time, newest.answer) : []) : null;
  const totals = useAnswer(session, sums === null ? null : sumsQuestion(sums));
  const span = useSpan(props, asked);
  const step = span === null ? 1 : Math.max(1, Math.ceil((span.to - span.from) / HISTORY));
  const overTime = useAnswer(
    session,
    sums === null || totals.answer === null || span === null
      ? null
      : sumsQuestion({ ...sums, seconds: step, measures: [stream.columns[rolesOf(stream.columns, stream.hits).hits]?.name ?? ""], anyOf: [], filters: [...filters, ...onlyThese(sums.keys, totals.answer, wanted.shown)] }),
  );
  const rows = useMemo(() => {
    if (totals.answer === null) return null;
    const made = (answer: Answer | null, seconds: number): TopTable => {
      const own = new TopTable(stream.columns, stream.hits, (run) => session.run(run), seconds);
      if (answer !== null) own.add(chunkOfSums(stream.columns, answer, runOfHost(session)));
      return own;
    };
    return rankedRows(made(totals.answer, 1), made(overTime.answer, step), wanted.apart, wanted.sort);
  }, [session, stream, totals.answer, overTime.answer, step, wanted.apart, wanted.sort]);
  return { rows, cut: totals.answer?.rows.length === MOST_GROUPS, error: newest.error ?? totals.error ?? overTime.error };
}

export function topSums(stream: StreamRows, { roles }: TopTable, { apart, sort }: TopWanted, filters: readonly Filter[], anyOf: Filter[][]): Sums {
  const name = (index: number): string => stream.columns[index]?.name ?? "";
  const measures = [sort, ...roles.measures.filter((index) => index !== sort)].map(name);
  return { stream: stream.name, columns: stream.columns, filters, anyOf, keys: [...(apart ? ["host"] : []), ...roles.keys.map(name)], measures };
}

/** Of each host what it sent last: not of that host, or of that time. */
function newestOnly(time: string, answer: Answer | null): Filter[][] {
  return (answer?.rows ?? []).map(([host, last]) => [
    { column: "host", op: "ne", value: String(host) },
    { column: time, op: "eq", value: String(last) },
  ]);
}

/** Groups whose keys are among those of the first rows. */
function onlyThese(keys: readonly string[], answer: Answer, shown: number): Filter[] {
  const first = answer.rows.slice(0, shown);
  return keys.map((column, place) => ({ column, op: "in", value: [...new Set(first.map((row) => row[place] as number | string))] }));
}
