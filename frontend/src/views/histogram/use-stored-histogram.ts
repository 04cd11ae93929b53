import { useMemo } from "react";
import type { Answer, Filter } from "../../api/tracing";
import type { Chunk } from "../../stream/chunk";
import { rangeFilters } from "../../stream/range";
import { rolesOf } from "../columns-of";
import { fromStore, runOfHost, useAnswer } from "../stored";
import { chunkOfSums, MOST_GROUPS, sumsQuestion } from "../sums";
import { useSpan } from "../use-span";
import type { ViewProps } from "../view-props";
import { type Histogram, Histograms, SLOTS, sum } from "./transform";

/** Columns of a heat map that one answer has room for. */
const COLUMNS = Math.floor(MOST_GROUPS / SLOTS);

export interface StoredHistogram {
  /** By key, most events first; null until the store has answered, or while it is not asked. */
  readonly list: Histogram[] | null;
  /** The one that is chosen, else all together, with how it moved. */
  readonly shown: Histogram | null;
  /** There are more bars of all keys than these; the largest are drawn. */
  readonly cut: boolean;
  readonly error: Error | null;
}

interface Totals {
  readonly answer: Answer;
  readonly chunk: Chunk;
  readonly histograms: Histograms;
  readonly list: Histogram[];
}

/** The distributions as the store has them: of all rows of the session, or of the time that is marked. */
export function useStoredHistogram(props: ViewProps, key: string): StoredHistogram {
  const { session, stream, range } = props;
  const roles = rolesOf(stream.columns, stream.hits);
  const name = (index: number): string => stream.columns[index]?.name ?? "";
  const asked = roles.bucket >= 0 && roles.hits >= 0 && fromStore(props);
  const filters = rangeFilters(range, stream.columns);
  const keys = roles.keys.map(name);
  const sums = { stream: stream.name, columns: stream.columns, measures: [name(roles.hits)] };
  const { answer, error } = useAnswer(session, asked ? sumsQuestion({ ...sums, filters, keys: [...keys, name(roles.bucket)] }) : null);
  const totals = useMemo(() => (answer === null ? null : totalsOf(props, answer)), [session, stream, answer]); // eslint-disable-line react-hooks/exhaustive-deps
  const chosen = totals === null ? [] : keyFilters(totals, keys, key);
  const span = useSpan(props, asked);
  const seconds = span === null ? 1 : Math.max(1, Math.ceil((span.to - span.from) / COLUMNS));
  const ready = totals !== null && span !== null;
  const moved = useAnswer(session, ready ? sumsQuestion({ ...sums, filters: [...filters, ...chosen], keys: [name(roles.bucket)], seconds }) : null);
  const shown = useMemo(() => {
    if (totals === null) return null;
    const total = totals.list.find((histogram) => histogram.key === key) ?? sum(totals.list);
    const over = moved.answer === null ? [] : totalsOf(props, moved.answer).list;
    return { ...total, bySecond: sum(over).bySecond, step: seconds };
  }, [totals, key, moved.answer, seconds]); // eslint-disable-line react-hooks/exhaustive-deps
  return { list: totals?.list ?? null, shown, cut: answer?.rows.length === MOST_GROUPS, error: error ?? moved.error };
}

function totalsOf({ session, stream }: ViewProps, answer: Answer): Totals {
  const histograms = new Histograms(stream.columns, stream.hits, (run) => session.run(run));
  const chunk = chunkOfSums(stream.columns, answer, runOfHost(session));
  histograms.add(chunk);
  return { answer, chunk, histograms, list: histograms.list() };
}

/** What makes up the key that was chosen; nothing where it is all of them. */
function keyFilters({ answer, chunk, histograms }: Totals, keys: readonly string[], key: string): Filter[] {
  const row = answer.rows.findIndex((_, place) => histograms.keyOf(chunk, place) === key);
  return row < 0 ? [] : keys.map((column, place) => ({ column, op: "eq", value: answer.rows[row]?.[place] as number | string }));
}
