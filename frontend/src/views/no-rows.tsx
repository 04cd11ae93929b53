import type { SessionStream } from "../stream/session";
import type { TimeRange } from "../stream/range";
import { Empty, Loading } from "../ui/parts";

/** A view without rows: still waiting, or over without any. `waiting` says for what. */
export function NoRows({ session, range = null, waiting }: { session: SessionStream; range?: TimeRange | null; waiting: string }) {
  const state = session.snapshot().state;
  if (range !== null) return <Empty title="Nothing in this time">Mark another part of the timeline, or clear it with Escape.</Empty>;
  if (state?.state !== "ended") return <Empty title="Attached, no rows yet">{waiting}</Empty>;
  const broken = state.runs.find((run) => run.books === "broken");
  if (broken !== undefined) return <Empty title="The stored rows cannot be shown">{broken.booksMessage}</Empty>;
  if (session.totalRows === 0 && state.runs.some(({ ledger }) => (ledger?.stored ?? 0n) > 0n)) return <Loading />;
  return <Empty title="Nothing happened while it ran">No event matched the filters of this session on its hosts.</Empty>;
}
