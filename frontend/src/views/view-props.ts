import type { Conditions } from "../api/tracing";
import type { TimeRange } from "../stream/range";
import type { SessionStream, StreamRows } from "../stream/session";

/** Which rows of a stream are shown, where not all are. `stream`: its key. */
export interface Shown {
  readonly stream: string;
  readonly conditions: Conditions;
}

/** What every view gets: the session's connection to rows, which stream of it to draw, and of which part of its time. */
export interface ViewProps {
  readonly session: SessionStream;
  readonly stream: StreamRows;
  readonly range: TimeRange | null;
  /** Tells which rows of the stream are shown, for exports. */
  readonly showing: (shown: Shown) => void;
}
