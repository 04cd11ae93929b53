import { visible } from "../../format/bytes-text";
import { Button, TextInput } from "@mantine/core";
import { IconPlus, IconPower } from "../../ui/icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { type Host, hosts } from "../../api/fleet";
import { ago } from "../../format/clock";
import { count } from "../../format/numbers";
import { Badge, Empty, Failure, Loading, Page, Panel } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { matchWords } from "../../ui/match";
import { useMe } from "../use-me";
import { HostDrawer } from "./host-drawer";
import classes from "./hosts.module.css";
import { JoinDialog } from "./join-dialog";
import { HostStateBadge, Labels, VerdictTally } from "./host-parts";
import { SwitchDialog } from "./switch-dialog";

export function HostsPage() {
  const me = useMe();
  const { data, error, refetch } = useQuery(hosts);
  const [search, setSearch] = useState("");
  const [join, setJoin] = useState(false);
  const [off, setOff] = useState(false);
  const [query, setQuery] = useSearchParams();
  const open = (name: string | null): void => setQuery(name === null ? {} : { host: name });
  const shown = (data ?? []).filter((host) => matchWords(search, searchText(host)));
  const allOff = data !== undefined && data.length > 0 && data.every((host) => host.switched_off);
  return (
    <Page
      title="Hosts"
      note={data?.length ? `${count(data.filter((host) => host.state === "online").length)} of ${count(data.length)} online` : undefined}
      actions={
        <>
          <TextInput
            placeholder="Search name, label, kernel"
            aria-label="Search hosts"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          {me.can.admin && (
            <>
              <Button variant="default" leftSection={<IconPower size={15} />} onClick={() => setOff(true)} disabled={!data?.length}>
                {allOff ? "Switch fleet on" : "Switch fleet off"}
              </Button>
              <Button leftSection={<IconPlus size={15} />} onClick={() => setJoin(true)} data-testid="host-join">
                Join a host
              </Button>
            </>
          )}
        </>
      }
    >
      {data === undefined && error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      {data?.length === 0 && (
        <Empty title="No host has joined yet" action={me.can.admin && <Button onClick={() => setJoin(true)}>Join a host</Button>}>
          A host joins by one command, run on it as root. It then dials out to this server; no port is opened on it.
        </Empty>
      )}
      {data !== undefined && data.length > 0 && <HostTable hosts={shown} open={open} />}
      <HostDrawer host={data?.find((host) => host.name === query.get("host"))} close={() => open(null)} />
      <JoinDialog opened={join} close={() => setJoin(false)} />
      <SwitchDialog target={off ? { kind: "fleet", off: !allOff } : null} close={() => setOff(false)} />
    </Page>
  );
}

function searchText(host: Host): string {
  const labels = Object.entries(host.labels).map(([key, value]) => `${key}=${value}`);
  return [host.name, host.state, host.facts.kernel_release, host.facts.distribution, ...labels].join(" ");
}

function HostTable({ hosts, open }: { hosts: readonly Host[]; open: (name: string) => void }) {
  return (
    <Panel>
      <table className={parts.table}>
        <thead>
          <tr className={parts.label}>
            <th>Host</th>
            <th>State</th>
            <th className={classes.wide}>Labels</th>
            <th className={classes.wide}>Kernel</th>
            <th>Tools</th>
            <th className={parts.num}>Runs</th>
          </tr>
        </thead>
        <tbody>
          {hosts.map((host) => (
            <tr key={host.id} data-testid="host-row" data-host={host.name} data-link onClick={() => open(host.name)}>
              <td>
                <button type="button" className={`${classes.name} linkButton`} onClick={() => open(host.name)}>
                  {host.name}
                </button>
              </td>
              <td>
                <HostStateBadge host={host} />{" "}
                {host.state !== "online" && host.last_seen !== null && <span className={parts.dim}>seen {ago(host.last_seen)}</span>}
              </td>
              <td className={classes.wide}>
                <Labels labels={host.labels} />
              </td>
              <td className={classes.wide}>
                <span className={parts.mono}>{visible(host.facts.kernel_release ?? "")}</span> <span className={parts.dim}>{visible(host.facts.architecture ?? "")}</span>
              </td>
              <td>
                <VerdictTally verdicts={Object.values(host.verdicts)} />
              </td>
              <td className={parts.num}>{host.live_runs > 0 ? <Badge tone="live">{host.live_runs}</Badge> : "0"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {hosts.length === 0 && <Empty title="No host matches">Every word of the search must stand in a name, label or kernel.</Empty>}
    </Panel>
  );
}
