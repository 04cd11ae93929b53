import { visible } from "../../format/bytes-text";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router";
import { type Conditions, session as sessionQuery, type Session } from "../../api/tracing";
import { Broken, Empty, Failure, Loading, useTitle } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { ConnectionNotice } from "../../ui/connection";
import { LockedRows } from "./locked-rows";
import { allLocked } from "./locked-words";
import { SessionHead } from "./session-head";
import { RunsStrip } from "./runs-strip";
import classes from "./session.module.css";
import { StreamViews } from "./stream-views";
import { Timeline } from "./timeline";
import { hostNames } from "../../format/host-names";
import type { Shown } from "../../views/view-props";
import { useLink } from "./use-link";
import { useRates } from "./use-rates";
import { useSnapshot, useStream } from "./use-stream";
import type { SessionState } from "../../gen/proto/v1/live_pb";
import { rangeFilters, type TimeRange } from "../../stream/range";
import type { SessionStream, StreamRows } from "../../stream/session";

/** A session, live or stored, at an address that shows the same to whoever may see it. */
export function SessionPage() {
  const { id = "" } = useParams();
  const link = useLink(id);
  const { data, error, refetch } = useQuery({ ...sessionQuery(id), enabled: link.done });
  useTitle(data === undefined ? "Session" : `${data.tool} on ${hostNames(data.hosts)}`);
  if (data !== undefined) return <OpenSession key={data.id} session={data} />;
  const problem = error === null ? null : (link.problem ?? error);
  return problem === null ? <Loading /> : <Failure error={problem} retry={() => void refetch()} />;
}

function OpenSession({ session }: { session: Session }) {
  const stream = useStream(session.id);
  return stream === null ? <Loading /> : <SessionBody session={session} stream={stream} />;
}

function SessionBody({ session, stream }: { session: Session; stream: SessionStream }) {
  const snapshot = useSnapshot(stream);
  const runs = snapshot.state?.runs ?? [];
  const [range, setRange] = useState<TimeRange | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const rates = useRates(session, stream, snapshot);
  const locked = allLocked(runs);
  const whereOf = (rows: StreamRows): Conditions | null => {
    const marked = { filters: rangeFilters(range, rows.columns), any_of: [] };
    const where = shown?.stream === rows.key ? shown.conditions : marked;
    return where.filters.length + where.any_of.length === 0 ? null : where;
  };
  return (
    <div className={classes.page}>
      <SessionHead session={session} stream={stream} snapshot={snapshot} whereOf={whereOf} />
      <ConnectionNotice connection={snapshot.connection} />
      <Notices closing={snapshot.closing} problem={snapshot.problem} />
      <LockedRows session={session.id} runs={runs} />
      <RunsStrip session={session.id} runs={runs} watching={snapshot.state?.watching ?? []} />
      {snapshot.streams.length > 0 && !locked && <Timeline session={stream} rates={rates} runs={runs} range={range} mark={setRange} />}
      <div className={classes.view}>
        {locked ? (
          <Empty title="Locked">Nothing of the rows can be shown until somebody has opened them.</Empty>
        ) : snapshot.streams.length > 0 ? (
          <StreamViews session={stream} streams={snapshot.streams} range={range} mark={setRange} showing={setShown} />
        ) : (
          <NoRows live={snapshot.state} />
        )}
      </div>
    </div>
  );
}

function Notices({ closing, problem }: { closing: string | null; problem: string | null }) {
  return (
    <>
      {closing !== null && (
        <div className={parts.notice} data-tone="info" role="status">
          The server closed this view: {visible(closing)}. Reload the page to open it again.
        </div>
      )}
      {problem !== null && (
        <div className={parts.notice} data-tone="bad" role="alert">
          {visible(problem)}
        </div>
      )}
    </>
  );
}

/** `live`: null until the connection has told what runs there were; nothing can be said of an ended session before. */
function NoRows({ live }: { live: SessionState | null }) {
  if (live === null) return <Loading />;
  const { runs, state } = live;
  if (state === "ended") {
    const reasons = runs.flatMap((run) =>
      run.end?.message ? [runs.length > 1 ? `${run.host}: ${run.end.message}` : run.end.message] : [],
    );
    return (
      <Broken title="This session ended without attaching" data-testid="session-failure">
        {reasons.length > 0
          ? reasons.map((reason) => (
              <span key={reason} className={classes.reason}>
                {visible(reason)}
              </span>
            ))
          : "The hosts did not say why; their logs do."}
      </Broken>
    );
  }
  return <Empty title="Attaching probes">Rows appear as soon as a host has loaded the tool.</Empty>;
}
