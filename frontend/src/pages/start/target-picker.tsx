import { visible } from "../../format/bytes-text";
import { Checkbox, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Tool } from "../../api/catalog";
import type { Host } from "../../api/fleet";
import { matchWords } from "../../ui/match";
import { Badge, Empty } from "../../ui/parts";
import { VerdictBadge } from "../../ui/verdict";
import { Labels } from "../hosts/host-parts";
import classes from "./start.module.css";
import { type Target, targetsOf } from "./targets";

const SEARCH_FROM = 8;

interface Props {
  tool: Tool;
  hosts: readonly Host[];
  chosen: readonly string[];
  choose: (hosts: readonly string[]) => void;
}

export function TargetPicker({ tool, hosts, chosen, choose }: Props) {
  const [search, setSearch] = useState("");
  const targets = targetsOf(tool.name, hosts);
  const shown = targets.filter(({ host }) =>
    matchWords(search, [host.name, ...Object.entries(host.labels).map(([k, v]) => `${k}=${v}`)].join(" ")),
  );
  const toggle = (name: string): void => choose(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  if (hosts.length === 0) return <Empty title="No host has joined yet">Hosts has the command that joins one.</Empty>;
  return (
    <div className={classes.targets}>
      {hosts.length >= SEARCH_FROM && (
        <TextInput
          placeholder="Search name or label"
          aria-label="Search hosts"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <div className={classes.targetList}>
        {shown.map((target) => (
          <TargetRow
            key={target.host.id}
            target={target}
            chosen={chosen.includes(target.host.name)}
            toggle={() => toggle(target.host.name)}
          />
        ))}
      </div>
    </div>
  );
}

/** Several hosts: whose names the fields below offer. The first is the one that is asked. */
export function NamesFrom({ hosts, choose }: { hosts: readonly string[]; choose: (host: string) => void }) {
  return (
    <div className={classes.namesFrom}>
      <Select
        label="Names below come from"
        description="A session starts on all of them; names are looked up on one."
        data={[...hosts].sort()}
        value={hosts[0] ?? null}
        allowDeselect={false}
        onChange={(host) => choose(host ?? "")}
        data-testid="names-from"
      />
    </div>
  );
}

function TargetRow({ target, chosen, toggle }: { target: Target; chosen: boolean; toggle: () => void }) {
  const { host, verdict, refusal } = target;
  const note = refusal ?? (verdict?.state === "works_with_loss" ? verdict.reason : null);
  return (
    <label className={classes.target} data-off={(refusal !== null && !chosen) || undefined} data-testid="target-row" data-host={host.name}>
      <Checkbox size="xs" checked={chosen} disabled={refusal !== null && !chosen} onChange={toggle} aria-label={host.name} />
      <span>
        {host.name} <Labels labels={host.labels} />
      </span>
      {host.state === "online" && !host.switched_off ? (
        <VerdictBadge verdict={verdict} />
      ) : (
        <Badge>{host.switched_off ? "switched off" : host.state}</Badge>
      )}
      {note !== null && <small>{visible(note)}</small>}
    </label>
  );
}
