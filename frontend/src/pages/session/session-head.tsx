import { visible } from "../../format/bytes-text";
import { Button } from "@mantine/core";
import { IconPlayerStop, IconRefresh } from "../../ui/icons";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { tools } from "../../api/catalog";
import { type Conditions, type Session, stopSession } from "../../api/tracing";
import { dateTime } from "../../format/clock";
import { hostNames } from "../../format/host-names";
import { count, nanoseconds } from "../../format/numbers";
import type { SessionSnapshot, SessionStream, StreamRows } from "../../stream/session";
import { useNow } from "../../ui/connection";
import { Badge, errorText } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { useFrame } from "../../ui/use-frame";
import { useMe } from "../use-me";
import { DeleteButton } from "./delete-button";
import { ExportMenu } from "./export-menu";
import { worstBooks } from "./ledger";
import { LedgerBadge } from "./ledger-badge";
import { RedactionBadge } from "./redaction-badge";
import classes from "./session.module.css";
import { ShareButton } from "./share-button";
import { targetWords } from "./target-words";

interface Props {
  session: Session;
  stream: SessionStream;
  snapshot: SessionSnapshot;
  whereOf: (stream: StreamRows) => Conditions | null;
}

export function SessionHead({ session, stream, snapshot, whereOf }: Props) {
  const state = snapshot.state?.state ?? session.state;
  const runs = snapshot.state?.runs ?? [];
  const books = runs.length > 0 ? worstBooks(runs.map((run) => run.books)) : session.books;
  return (
    <header className={classes.head}>
      <h1>{session.tool}</h1>
      <span className={classes.where} title={session.hosts.join(", ")}>
        {hostNames(session.hosts)}
      </span>
      <Asked session={session} />
      <span data-testid="session-state">
        <Badge tone={state === "running" ? "live" : state === "pending" ? "info" : "mute"}>{state}</Badge>
      </span>
      <LedgerBadge books={books} runs={runs} />
      <RedactionBadge reveal={session.reveal} runs={runs} />
      <span className={classes.spacer} />
      <Meters session={session} stream={stream} running={state !== "ended"} />
      <Actions session={session} snapshot={snapshot} state={state} whereOf={whereOf} />
    </header>
  );
}

/** What was asked for: filters, parameters that are not the tool's defaults, and why. */
function Asked({ session }: { session: Session }) {
  const tool = useQuery(tools).data?.find((candidate) => candidate.name === session.tool);
  const defaults = new Map(tool?.params?.map((param) => [param.name, param.default ?? ""]));
  const params = Object.entries(session.params).filter(([name, value]) => value !== defaults.get(name));
  const words = [...targetWords(session), ...params.map(([name, value]) => `${name}=${value}`)];
  const text = visible([...words, session.reason].filter((word) => word !== "").join(" · "));
  if (text === "") return null;
  return (
    <span className={`${classes.where} ${parts.mono}`} title={text}>
      {text}
    </span>
  );
}

function Meters({ session, stream, running }: { session: Session; stream: SessionStream; running: boolean }) {
  useFrame(stream, 100);
  const now = useNow(running, 1000);
  const end = session.ended_at === null ? now : new Date(session.ended_at).getTime();
  const seconds = Math.max(0, Math.floor((end - new Date(session.created_at).getTime()) / 1000));
  return (
    <div className={classes.meters}>
      <span className={classes.meter}>
        <span>rows</span>
        <span data-testid="rows-total">{count(Math.max(stream.totalRows, session.rows))}</span>
      </span>
      <span className={classes.meter} title={`Started ${dateTime(session.created_at)}`}>
        <span>time</span>
        <span>{nanoseconds(seconds * 1e9)}</span>
      </span>
      <span className={classes.meter} title={`Session ${session.id}`}>
        <span>by</span>
        <span>{session.created_by}</span>
      </span>
      {session.begun_by !== "" && (
        <span className={classes.meter} title="Nobody was there: it was started as who keeps the template" data-testid="begun-by">
          <span>{session.begun_by}</span>
          <span>template {visible(session.template)}</span>
        </span>
      )}
    </div>
  );
}

function Actions({ session, snapshot, state, whereOf }: Omit<Props, "stream"> & { state: string }) {
  const me = useMe();
  const stop = useMutation({ mutationFn: () => stopSession(session.id) });
  // Whoever may stop a session may also delete it, and end its shares.
  const mayEnd = me.can.stop_any || (me.can.start && session.created_by === me.username);
  return (
    <div className={classes.actions}>
      {stop.error !== null && (
        <span role="alert" className={parts.dim}>
          {errorText(stop.error)}
        </span>
      )}
      <ShareButton session={session} may={mayEnd} />
      <ExportMenu session={session} snapshot={snapshot} whereOf={whereOf} />
      {state !== "ended" && mayEnd && (
        <Button
          color="red"
          variant="light"
          leftSection={<IconPlayerStop size={14} />}
          loading={stop.isPending}
          onClick={() => stop.mutate()}
          data-testid="session-stop"
        >
          Stop
        </Button>
      )}
      {state === "ended" && me.can.start && (
        <Button
          component={Link}
          to={`/tools/${session.tool}/start?again=${session.id}`}
          variant="default"
          leftSection={<IconRefresh size={14} />}
        >
          Run again…
        </Button>
      )}
      {state === "ended" && mayEnd && <DeleteButton session={session} />}
    </div>
  );
}
