import { visible } from "../../format/bytes-text";
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { tool as toolQuery, type ToolDetail } from "../../api/catalog";
import { KIND_NAMES } from "../../ui/kind-glyph";
import { Markdown } from "../../ui/markdown";
import { Badge, CopyButton, Empty, Facts, Failure, Loading, Page, Panel } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { ToolRisk } from "../../ui/risk";
import { VerdictBadge } from "../../ui/verdict";
import { useMe } from "../use-me";
import { kindOf } from "./tools";
import classes from "./tools.module.css";

export function ToolPage() {
  const { name = "" } = useParams();
  const me = useMe();
  const { data, error, refetch } = useQuery(toolQuery(name));
  return (
    <Page
      title={data === undefined ? name : `${data.name}: ${data.title}`}
      note={data?.summary}
      actions={
        data !== undefined &&
        me.can.start && (
          <Button component={Link} to={`/tools/${name}/start`}>
            Start a session…
          </Button>
        )
      }
    >
      {data === undefined && error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      {data !== undefined && (
        <div className={classes.columns}>
          <div className={classes.stack}>
            <Panel label="About">
              <div className={classes.prose}>
                <Markdown text={data.readme} />
              </div>
            </Panel>
            <Columns tool={data} />
            <Panel label="BPF source" actions={<CopyButton text={data.source} label="Copy the source" />}>
              <pre className={classes.source} tabIndex={0}>
                {data.source}
              </pre>
            </Panel>
          </div>
          <div className={classes.stack}>
            <Panel label="Tool">
              <div className={classes.inner}>
                <ToolFacts tool={data} />
              </div>
            </Panel>
            {me.can.look && (
              <Panel label="Hosts">
                <HostVerdicts tool={data} />
              </Panel>
            )}
          </div>
        </div>
      )}
    </Page>
  );
}

function ToolFacts({ tool }: { tool: ToolDetail }) {
  return (
    <Facts
      facts={[
        ["risk", <ToolRisk key="risk" tool={tool} />],
        ["yields", KIND_NAMES[kindOf(tool)]],
        ["costs", tool.overhead ?? "not stated"],
        ["whose pid", tool.task?.replaceAll("_", " ") ?? "caller"],
        ["filters", tool.filters?.join(", ") || "none"],
        ["parameters", tool.params?.map((param) => param.name).join(", ") || "none"],
        ...(tool.variants ?? []).map(
          (variant) =>
            [
              `attach: ${variant.name}`,
              <span key={variant.name} className={parts.mono}>
                {(variant.probes ?? []).map((probe) => (
                  <span key={`${probe.type} ${probe.target}`} className={classes.probe} title={probe.type.replaceAll("_", " ")}>
                    {probe.target}
                    {probe.optional === true && " (where present)"}
                  </span>
                ))}
                {variant.loses ? `without ${variant.loses}` : ""}
              </span>,
            ] as const,
        ),
        [
          "digest",
          <span key="digest" className={parts.mono}>
            {tool.digest.slice(0, 16)}
          </span>,
        ],
      ]}
    />
  );
}

function HostVerdicts({ tool }: { tool: ToolDetail }) {
  const rows = Object.entries(tool.verdicts);
  if (rows.length === 0) return <Empty title="No host has joined yet" />;
  return (
    <div className={classes.hosts}>
      {rows.map(([host, verdict]) => (
        <div key={host} className={classes.hostRow}>
          <span>{host}</span>
          <VerdictBadge verdict={verdict} />
          {verdict.reason !== "" && <p>{visible(verdict.reason)}</p>}
        </div>
      ))}
    </div>
  );
}

function Columns({ tool }: { tool: ToolDetail }) {
  const columns = (tool.streams ?? []).flatMap((stream) => (stream.columns ?? []).map((column) => ({ ...column, stream: stream.name })));
  return (
    <Panel label="Columns">
      <table className={parts.table}>
        <thead>
          <tr className={parts.label}>
            <th>Column</th>
            <th>Unit</th>
            <th>Meaning</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={`${column.stream} ${column.name}`}>
              <td className={parts.mono}>{column.name}</td>
              <td className={parts.dim}>{(column.unit ?? "none").replaceAll("_", " ")}</td>
              <td>
                {column.help}{" "}
                {column.sensitivity === "names" && (
                  <Badge tone="info" plain>
                    names
                  </Badge>
                )}
                {column.when !== undefined && column.when !== "" && <span className={parts.dim}> only with {column.when}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
