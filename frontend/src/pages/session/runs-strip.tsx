import { visible } from "../../format/bytes-text";
import { Tooltip } from "@mantine/core";
import { ago } from "../../format/clock";
import { percent } from "../../format/numbers";
import type { RunState } from "../../gen/proto/v1/live_pb";
import { EndCause, type RunEnd } from "../../gen/proto/v1/stream_pb";
import { seriesToken } from "../../ui/canvas";
import { useNow } from "../../ui/connection";
import { Badge, type Tone } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { ProgramButton } from "./program-drawer";
import classes from "./session.module.css";

/** The hosts of a session: what each is doing, what it costs there, and who else is watching. */
export function RunsStrip({ session, runs, watching }: { session: string; runs: readonly RunState[]; watching: readonly string[] }) {
  const silent = runs.some((run) => run.silentSinceWallNs > 0n);
  const now = useNow(silent, 1000);
  return (
    <div className={classes.runs}>
      {runs.map((run, index) => (
        <span key={run.run} className={classes.run} data-testid="run" data-host={run.host}>
          <span className={classes.swatch} style={{ background: `var(--${seriesToken(index)})` }} />
          {run.host}
          <RunBadge run={run} now={now} />
          {run.cost !== undefined && run.state === "attached" && (
            <Tooltip
              label={`Probes and runner cost ${percent(run.cost.hostPercent)} of this host's CPU${run.cost.threadPercent > 0 ? `, ${percent(run.cost.threadPercent)} of the hottest thread` : ""}`}
            >
              <span className={parts.mono}>{percent(run.cost.hostPercent)} CPU</span>
            </Tooltip>
          )}
          {(run.schema?.attached ?? "") !== "" && <span data-testid="attached">{visible(run.schema?.attached ?? "")}</span>}
          {(run.schema?.loses ?? "") !== "" && <span className={parts.dim}>without {visible(run.schema?.loses ?? "")}</span>}
          {run.note !== "" && run.end === undefined && (
            <span role="status">
              <Badge tone="warn">{visible(run.note)}</Badge>
            </span>
          )}
          {run.end !== undefined && <EndedBy end={run.end} />}
        </span>
      ))}
      {runs.length > 0 && <ProgramButton session={session} hosts={runs.map((run) => run.host)} />}
      <People names={watching} />
    </div>
  );
}

/** Who ended it, unless what is told of the end names them. */
function EndedBy({ end }: { end: RunEnd }) {
  const named = end.by === "" || end.message.includes(end.by.split(",")[0] ?? "");
  return (
    <span className={parts.dim} data-testid="ended-by" title={end.by === "" ? undefined : `ended by ${end.by}`}>
      {named ? visible(end.message) : visible(`ended by ${end.by}: ${end.message}`)}
    </span>
  );
}

/** Ends that nobody asked for. */
const CUT_SHORT = new Set([
  EndCause.BUDGET,
  EndCause.SWITCHED_OFF,
  EndCause.RUNNER_DIED,
  EndCause.AGENT_STOPPED,
  EndCause.FAILED,
  EndCause.SPOOL_FULL,
]);

function endTone(run: RunState): Tone | undefined {
  if (run.end === undefined || !CUT_SHORT.has(run.end.cause)) return undefined;
  return run.end.cause === EndCause.BUDGET ? "warn" : "bad";
}

const STATES: Record<string, Tone> = { pending: "mute", accepted: "info", attached: "live", ended: "mute", refused: "bad" };

function RunBadge({ run, now }: { run: RunState; now: number }) {
  if (run.silentSinceWallNs > 0n && run.state !== "ended") {
    return <Badge tone="warn">silent since {ago(Number(run.silentSinceWallNs / 1_000_000n), now)}; it goes on and spools</Badge>;
  }
  return <Badge tone={endTone(run) ?? STATES[run.state] ?? "mute"}>{run.state}</Badge>;
}

function People({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <Tooltip label={`Watching: ${names.join(", ")}`}>
      <span className={classes.people} tabIndex={0} data-testid="watching">
        {names.slice(0, 5).map((name) => (
          <span key={name} className={classes.person} aria-label={name}>
            {name.slice(0, 2)}
          </span>
        ))}
        {names.length > 5 && `+${names.length - 5}`}
      </span>
    </Tooltip>
  );
}
