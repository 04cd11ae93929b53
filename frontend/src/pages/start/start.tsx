import { useQuery } from "@tanstack/react-query";
import { useParams, useSearchParams } from "react-router";
import { tool as toolQuery } from "../../api/catalog";
import { hosts as hostsQuery } from "../../api/fleet";
import { session as sessionQuery } from "../../api/tracing";
import { Empty, Failure, Loading, Page } from "../../ui/parts";
import { PlaintextNotice } from "../../ui/risk";
import { useMe } from "../use-me";
import { draftOf, emptyDraft } from "./draft";
import { StartForm } from "./start-form";
import { targetsOf } from "./targets";

/** Start a session of one tool: everything on the form comes from the tool's manifest and the hosts' verdicts. */
export function StartPage() {
  const { name = "" } = useParams();
  const [query] = useSearchParams();
  const me = useMe();
  const again = query.get("again");
  const tool = useQuery(toolQuery(name));
  const hosts = useQuery(hostsQuery);
  const earlier = useQuery({ ...sessionQuery(again ?? ""), enabled: again !== null });
  const error = tool.error ?? hosts.error ?? earlier.error;
  const ready = tool.data !== undefined && hosts.data !== undefined && (again === null || earlier.data !== undefined);
  return (
    <Page title={`Start ${name}`} note={tool.data?.title}>
      {error !== null && <Failure error={error} retry={() => [tool, hosts, earlier].forEach((query) => query.isError && void query.refetch())} />}
      {error === null && !ready && <Loading />}
      {!me.can.start && <Empty title="Your role may watch, not start">Ask an administrator for the role tracer.</Empty>}
      {ready && me.can.start && tool.data.risk === "s3" && (
        <PlaintextNotice refused={hosts.data.some((host) => host.verdicts[tool.data.name]?.state === "forbidden")} />
      )}
      {ready && me.can.start && (
        <StartForm
          key={name}
          tool={tool.data}
          hosts={hosts.data}
          initial={
            earlier.data === undefined
              ? emptyDraft(tool.data, preselected(targetsOf(tool.data.name, hosts.data), query.getAll("host")))
              : draftOf(tool.data, earlier.data)
          }
        />
      )}
    </Page>
  );
}

/** The hosts named in the address; without any, the only host that can run the tool. */
function preselected(targets: ReturnType<typeof targetsOf>, asked: readonly string[]): string[] {
  const able = targets.filter((target) => target.refusal === null).map((target) => target.host.name);
  if (asked.length > 0) return able.filter((name) => asked.includes(name));
  return able.length === 1 ? able : [];
}
