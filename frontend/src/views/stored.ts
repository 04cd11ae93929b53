import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type Answer, type Question, queryRows } from "../api/tracing";
import type { RunOfHost } from "../stream/answer";
import type { SessionStream } from "../stream/session";
import type { ViewProps } from "./view-props";

/** Between two looks at a session that still runs. */
const AGAIN_MS = 5000;
const KEPT_MS = 60_000;

/**
 * Are the rows of this view a matter for the store? They are once the session has ended, when this browser has not read or no
 * longer keeps all of them, and for a part of its time. Else each row counts as it arrives.
 */
export function fromStore({ session, stream, range }: ViewProps): boolean {
  const { state, skippedRows } = session.snapshot();
  return range !== null || state?.state === "ended" || skippedRows > 0 || stream.rows.dropped > 0;
}

/** A session that was too large to be read as a whole when it was opened: its rows are shown by the page. */
export function leftToStore({ session, stream }: Pick<ViewProps, "session" | "stream">): boolean {
  const { state, skippedRows } = session.snapshot();
  return state?.state === "ended" && skippedRows > 0 && stream.rows.rows === 0;
}

export interface Stored {
  readonly answer: Answer | null;
  readonly error: Error | null;
}

/** The store's answer over all rows; null: nothing to ask. While the session runs it is asked again and again. */
export function useAnswer(session: SessionStream, question: Question | null): Stored {
  const running = session.snapshot().state?.state !== "ended";
  const { data, error } = useQuery({
    queryKey: ["sessions", "answer", session.id, running, question],
    enabled: question !== null,
    queryFn: ({ signal }) => queryRows(session.id, question ?? {}, signal),
    placeholderData: keepPreviousData,
    refetchInterval: running ? AGAIN_MS : false,
    gcTime: KEPT_MS,
  });
  return { answer: question === null ? null : (data ?? null), error: question === null ? null : error };
}

/** The run of a host, as rows of an answer name it. */
export function runOfHost(session: SessionStream): (host: string) => RunOfHost {
  const runs = session.snapshot().state?.runs ?? [];
  return (host) => {
    const index = Math.max(0, runs.findIndex((run) => run.host === host));
    return { index, bootNs: runs[index]?.bootNs ?? 0n, wallNs: runs[index]?.wallNs ?? 0n };
  };
}
