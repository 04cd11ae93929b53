import { rangeFilters, type TimeRange } from "../stream/range";
import { useAnswer } from "./stored";
import { timeOf } from "./sums";
import type { ViewProps } from "./view-props";

/** The seconds that the rows of the store lie in, or those that are marked; null: not known, or not asked for. */
export function useSpan({ session, stream, range }: Pick<ViewProps, "session" | "stream" | "range">, asked: boolean): TimeRange | null {
  const time = timeOf(stream.columns);
  const edges = useAnswer(
    session,
    asked && range === null && time !== undefined
      ? { stream: stream.name, filters: rangeFilters(range, stream.columns), measures: [{ function: "min", column: time }, { function: "max", column: time }] }
      : null,
  );
  if (!asked || range !== null) return range;
  const [first, last] = edges.answer?.rows[0] ?? [];
  if (typeof first !== "string" || typeof last !== "string") return null;
  return { from: Number(BigInt(first) / 1_000_000_000n), to: Number(BigInt(last) / 1_000_000_000n) + 1 };
}
