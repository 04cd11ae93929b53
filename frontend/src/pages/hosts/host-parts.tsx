import { visible } from "../../format/bytes-text";
import { Tooltip } from "@mantine/core";
import type { Verdict } from "../../api/catalog";
import type { Host } from "../../api/fleet";
import { Badge } from "../../ui/parts";
import classes from "./hosts.module.css";

export function HostStateBadge({ host }: { host: Host }) {
  if (host.switched_off) return <Badge tone="warn">switched off</Badge>;
  if (host.audit_trouble !== "" && host.state !== "revoked") return <Badge tone="bad">refuses the audit</Badge>;
  if (host.remote_off && host.state === "online") return <Badge tone="warn">off on the host</Badge>;
  const tone = host.state === "online" ? "ok" : host.state === "revoked" ? "bad" : "mute";
  return <Badge tone={tone}>{host.state}</Badge>;
}

export function Labels({ labels }: { labels: Record<string, string> }) {
  return (
    <span className={classes.labels}>
      {Object.entries(labels).map(([key, value]) => (
        <span key={key} className={classes.label}>
          {visible(`${key}=${value}`)}
        </span>
      ))}
    </span>
  );
}

/** How many tools work on a host, how many do with loss, how many do not. */
export function VerdictTally({ verdicts }: { verdicts: readonly Verdict[] }) {
  const number = (...states: Verdict["state"][]): number => verdicts.filter((verdict) => states.includes(verdict.state)).length;
  const [works, loss, refused, checking] = [number("works"), number("works_with_loss"), number("refused", "forbidden"), number("checking")];
  return (
    <Tooltip label={`${works} work, ${loss} with loss, ${refused} refused, ${checking} being checked`}>
      <span className={classes.tally} tabIndex={0}>
        {works > 0 && <Badge tone="ok">{works}</Badge>}
        {loss > 0 && <Badge tone="warn">{loss}</Badge>}
        {refused > 0 && <Badge tone="bad">{refused}</Badge>}
        {checking > 0 && <Badge>{checking}</Badge>}
      </span>
    </Tooltip>
  );
}
