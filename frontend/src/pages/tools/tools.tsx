import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { Link } from "react-router";
import { type Tool, tools } from "../../api/catalog";
import { useHotkeys } from "../../ui/hotkeys";
import { KIND_NAMES, KindGlyph } from "../../ui/kind-glyph";
import { matchWords } from "../../ui/match";
import { Badge, Empty, Failure, Loading, Page } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { ToolRisk } from "../../ui/risk";
import { VerdictTally } from "../hosts/host-parts";
import { useMe } from "../use-me";
import classes from "./tools.module.css";

export function ToolsPage() {
  const { data, error, refetch } = useQuery(tools);
  const [search, setSearch] = useState("");
  const input = useRef<HTMLInputElement>(null);
  const keys = useMemo(() => ({ "/": () => input.current?.focus() }), []);
  useHotkeys(keys);
  const shown = (data ?? []).filter((tool) => matchWords(search, searchText(tool)));
  return (
    <Page
      title="Tools"
      note={data && `${data.length} in the catalogue`}
      actions={
        <TextInput
          ref={input}
          placeholder="Search tools ( / )"
          aria-label="Search tools"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      }
    >
      {data === undefined && error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      {data?.length === 0 && (
        <Empty title="The catalogue is empty">The server found no tool folder under bpf/; its log says where it looked.</Empty>
      )}
      {data !== undefined && data.length > 0 && shown.length === 0 && (
        <Empty title="No tool matches">Every word of the search must stand in a name, title, summary or category.</Empty>
      )}
      <div className={classes.grid}>
        {sorted(shown).map((tool) => (
          <ToolCard key={tool.name} tool={tool} />
        ))}
      </div>
    </Page>
  );
}

function searchText(tool: Tool): string {
  return [tool.name, tool.title, tool.summary, tool.category, kindOf(tool)].join(" ");
}

export function kindOf(tool: Tool) {
  return tool.streams?.[0]?.kind ?? "events";
}

function sorted(list: readonly Tool[]): Tool[] {
  return [...list].sort((a, b) => a.category.localeCompare(b.category) || a.name.localeCompare(b.name));
}

function ToolCard({ tool }: { tool: Tool }) {
  const me = useMe();
  const kind = kindOf(tool);
  return (
    <article className={classes.card} data-testid="tool-card" data-tool={tool.name}>
      <div className={classes.title}>
        <KindGlyph kind={kind} className={classes.glyph} />
        <Link to={`/tools/${tool.name}`}>{tool.name}</Link>
        <ToolRisk tool={tool} />
        <Badge plain>{KIND_NAMES[kind]}</Badge>
      </div>
      <p className={classes.summary}>{tool.summary}</p>
      <div className={classes.foot}>
        <VerdictTally verdicts={Object.values(tool.verdicts)} />
        <span className={parts.label}>{tool.category}</span>
        {me.can.start && (
          <Button component={Link} to={`/tools/${tool.name}/start`} variant="light" size="compact-xs">
            Start…
          </Button>
        )}
      </div>
    </article>
  );
}
