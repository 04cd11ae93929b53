import { useMemo } from "react";
import { rangeFilters } from "../../stream/range";
import { rolesOf } from "../columns-of";
import { fromStore, runOfHost, useAnswer } from "../stored";
import { chunkOfSums, MOST_GROUPS, sumsQuestion } from "../sums";
import type { ViewProps } from "../view-props";
import { StackTree } from "./transform";

export interface StoredStacks {
  /** Null until the store has answered, or while it is not asked. */
  readonly tree: StackTree | null;
  /** There are more different stacks than these; the largest are drawn. */
  readonly cut: boolean;
  readonly error: Error | null;
}

/** The flame graph as the store has it: all rows of the session, or of the time that is marked. */
export function useStoredStacks(props: ViewProps, measure: string, byKeys: boolean): StoredStacks {
  const { session, stream, range } = props;
  const roles = rolesOf(stream.columns, measure);
  const name = (index: number): string => stream.columns[index]?.name ?? "";
  const asked = roles.stack >= 0 && roles.hits >= 0 && fromStore(props);
  const keys = [name(roles.stack), ...(byKeys ? roles.keys.map(name) : [])];
  const { answer, error } = useAnswer(
    session,
    asked ? sumsQuestion({ stream: stream.name, columns: stream.columns, filters: rangeFilters(range, stream.columns), keys, measures: [name(roles.hits)] }) : null,
  );
  const tree = useMemo(() => {
    if (answer === null) return null;
    const made = new StackTree(stream.columns, measure, byKeys);
    made.add(chunkOfSums(stream.columns, answer, runOfHost(session)));
    return made;
  }, [session, stream, measure, byKeys, answer]);
  return { tree, cut: answer?.rows.length === MOST_GROUPS, error };
}
