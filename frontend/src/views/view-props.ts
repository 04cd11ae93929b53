import type { SessionStream, StreamRows } from "../stream/session";

/** What every view gets: the session's connection to rows, and which stream of it to draw. */
export interface ViewProps {
  readonly session: SessionStream;
  readonly stream: StreamRows;
}
