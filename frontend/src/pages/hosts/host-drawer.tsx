import { visible } from "../../format/bytes-text";
import { Button, Drawer, TagsInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { type Host, setLabels } from "../../api/fleet";
import { ago, dateTime } from "../../format/clock";
import { bytes } from "../../format/numbers";
import { errorText, Facts } from "../../ui/parts";
import { canRun, VerdictBadge } from "../../ui/verdict";
import { useMe } from "../use-me";
import { HostStateBadge, Labels } from "./host-parts";
import classes from "./hosts.module.css";
import { labelPill } from "./label-pill";
import { labelsOf, tagsOf } from "./labels";
import { SwitchDialog, type SwitchTarget } from "./switch-dialog";

export function HostDrawer({ host, close }: { host: Host | undefined; close: () => void }) {
  return (
    <Drawer opened={host !== undefined} onClose={close} position="right" size="lg" title={host?.name}>
      {host !== undefined && <HostDetail key={host.id} host={host} />}
    </Drawer>
  );
}

function HostDetail({ host }: { host: Host }) {
  const me = useMe();
  const [target, setTarget] = useState<SwitchTarget | null>(null);
  return (
    <div className={classes.drawer}>
      <Facts
        facts={[
          ["state", <HostStateBadge key="state" host={host} />],
          ...(host.switched_off ? [["switched off", host.switch_reason || "no reason given"] as const] : []),
          ...(host.audit_trouble !== "" ? [["makes no start", <span key="audit" data-testid="audit-trouble">{visible(host.audit_trouble)}</span>] as const] : []),
          ["last seen", host.last_seen === null ? "never" : `${dateTime(host.last_seen)} (${ago(host.last_seen)})`],
          ["agent", host.agent_version],
          ...factsOf(host),
        ]}
      />
      {me.can.audit && (
        <Link to={`/audit?${new URLSearchParams({ host: host.name, days: "7" }).toString()}`} data-testid="who-looked">
          Who looked here in the last 7 days, and why
        </Link>
      )}
      <section>
        <h3>Labels</h3>
        {me.can.admin ? <LabelEditor host={host} /> : <Labels labels={host.labels} />}
      </section>
      <section>
        <h3>What it can trace</h3>
        <Verdicts host={host} mayStart={me.can.start} />
      </section>
      {me.can.admin && (
        <section>
          <h3>Off switch</h3>
          <div className={classes.buttons}>
            <Button variant="default" onClick={() => setTarget({ kind: "host", id: host.id, name: host.name, off: !host.switched_off })}>
              {host.switched_off ? "Allow tracing again" : "Stop all tracing here"}
            </Button>
            {host.state !== "revoked" && (
              <Button variant="default" onClick={() => setTarget({ kind: "revoke", id: host.id, name: host.name })}>
                Remove from the fleet
              </Button>
            )}
          </div>
          <SwitchDialog target={target} close={() => setTarget(null)} />
        </section>
      )}
    </div>
  );
}

function factsOf({ facts }: Host): [string, string][] {
  const yes = (value: boolean | undefined): string => (value === true ? "yes" : "no");
  return [
    ["kernel", `${facts.kernel_release ?? "unknown"} ${facts.architecture ?? ""}`],
    ["distribution", facts.distribution ?? "unknown"],
    ["CPUs, memory", `${facts.cpus ?? "?"}, ${bytes(Number(facts.memory_bytes ?? 0))}`],
    ["BTF, kprobes", `${yes(facts.btf)}, ${yes(facts.kprobes)}`],
    ["preemption", facts.preemption ?? "unknown"],
    ["BCC", facts.bcc_version ?? "unknown"],
  ];
}

function LabelEditor({ host }: { host: Host }) {
  const [tags, setTags] = useState(() => tagsOf(host.labels));
  const save = useMutation({ mutationFn: () => setLabels(host.id, labelsOf(tags)) });
  const changed = tags.join() !== tagsOf(host.labels).join();
  return (
    <div className={classes.row}>
      <TagsInput
        aria-label="Labels"
        placeholder="key=value"
        value={tags}
        renderPill={labelPill}
        onChange={setTags}
        error={save.error === null ? tags.find((tag) => !tag.includes("=")) && "Write key=value." : errorText(save.error)}
      />
      <Button onClick={() => save.mutate()} disabled={!changed || tags.some((tag) => !tag.includes("="))} loading={save.isPending}>
        Save
      </Button>
    </div>
  );
}

function Verdicts({ host, mayStart }: { host: Host; mayStart: boolean }) {
  return (
    <div className={classes.verdicts}>
      {Object.entries(host.verdicts)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([tool, verdict]) => (
          <div key={tool} style={{ display: "contents" }}>
            <Link to={mayStart && canRun(verdict) ? `/tools/${tool}/start?host=${host.name}` : `/tools/${tool}`}>{tool}</Link>
            <VerdictBadge verdict={verdict} />
            <span className={classes.reason}>{visible(verdict.reason)}</span>
          </div>
        ))}
    </div>
  );
}
