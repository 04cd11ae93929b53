import { Button, Checkbox, Popover, TextInput } from "@mantine/core";
import { IconArrowBarToDown, IconColumns3, IconFilter, IconPlayerPause, IconPlayerPlay } from "../../ui/icons";
import { useDebouncedValue } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { count } from "../../format/numbers";
import { useHotkeys } from "../../ui/hotkeys";
import type { Conditions } from "../../api/tracing";
import { rangeFilters } from "../../stream/range";
import { Empty, Loading } from "../../ui/parts";
import { useFrame } from "../../ui/use-frame";
import type { Chunk } from "../../stream/chunk";
import { NoRows } from "../no-rows";
import { leftToStore } from "../stored";
import type { ViewProps } from "../view-props";
import { type GridColumn, gridColumns } from "./columns";
import { containerColumns, hasContainers } from "./containers";
import classes from "./events.module.css";
import type { GridStatus } from "./grid";
import { GridTable, type GridHandle } from "./grid-table";
import { makeMatcher, type Matcher } from "./predicate";
import { RowDetail } from "./row-detail";
import type { RowRef } from "./transform";
import { nextSort, Sorting } from "./sorting";
import { conditionsOf, type Sort, type StoredRows, useStoredRows, type Wanted } from "./use-stored-rows";

/** The live grid: all kept rows by scrolling, the newest by following, fewer by filtering. */
export function EventsView(props: ViewProps) {
  const { session, stream, range, showing } = props;
  const [search, setSearch] = useState("");
  const [filters, setFilters] = useState<Record<string, string>>({});
  const [filtering, setFiltering] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(
    () => new Set([...stream.columns.filter((column) => column.hidden).map((column) => column.name), ...containerColumns(stream.columns)]),
  );
  const containers = hasContainers(stream);
  useEffect(() => {
    if (containers) setHidden((before) => new Set([...before].filter((name) => !containerColumns(stream.columns).includes(name))));
  }, [containers, stream.columns]);
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const paused = pausedAt !== null;
  const [status, setStatus] = useState<GridStatus>({ following: true, matching: 0, pending: 0, nearEnd: true });
  const [sort, setSort] = useState<Sort | null>(null);
  useFrame(session, 1000); // the state that says whether it has ended
  const ended = session.snapshot().state?.state === "ended";
  const texts = useSettled(useMemo(() => ({ search, filters }), [search, filters]));
  const partial = session.snapshot().skippedRows + stream.rows.dropped > 0;
  const asks = sort !== null || range !== null || leftToStore(props) || (ended && partial && isAsking(texts));
  const wanted = useMemo(() => (asks ? { sort, ...texts } : null), [asks, sort, texts]);
  const sorted = useStoredRows(props, wanted);
  useShowing(props, texts, showing);
  const [detail, setDetail] = useState<RowRef | null>(null);
  const grid = useRef<GridHandle>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  const hosts = session.snapshot().state?.runs.length ?? 0;
  const columns = useMemo(
    () =>
      gridColumns(
        stream.columns,
        (index) => {
          const run = session.run(index);
          return run && { host: run.host, bootNs: run.bootNs, wallNs: run.wallNs };
        },
        hosts > 1,
        stream.lacks,
      ),
    [session, stream, hosts],
  );
  const { matcher: own, problem } = useMemo(() => matcherOf(stream, search, filters), [stream, search, filters]);
  const matcher = asks ? null : own; // the store has looked already
  const shown = columns.filter((column) => !hidden.has(column.name));
  const { readMore } = sorted;
  useEffect(() => {
    if (asks && status.nearEnd) readMore();
  }, [asks, status.nearEnd, readMore]);
  const togglePause = useCallback(() => setPausedAt((at) => (at === null ? rowsSoFar(stream) : null)), [stream]);
  useHotkeys(useMemo(() => ({ "/": () => searchBox.current?.focus(), " ": togglePause }), [togglePause]));
  return (
    <div className={classes.view}>
      <div className={classes.bar}>
        <TextInput
          ref={searchBox}
          className={classes.search ?? ""}
          placeholder="Search rows ( / )"
          aria-label="Search rows"
          data-testid="grid-search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Button
          variant={filtering ? "light" : "default"}
          leftSection={<IconFilter size={14} />}
          onClick={() => setFiltering(!filtering)}
          aria-pressed={filtering}
          data-testid="grid-filters"
        >
          Filters
        </Button>
        <ColumnChooser columns={columns} hidden={hidden} change={setHidden} />
        {asks && <Sorting sort={sort} sorted={sorted} columns={stream.columns} clear={() => setSort(null)} />}
        {problem !== null && (
          <span className={classes.problem} role="alert">
            {problem}
          </span>
        )}
        <span className={classes.spacer} />
        <Matching
          status={status}
          filtered={matcher !== null}
          kept={asks ? sorted.rows : null}
          session={session}
          stream={stream}
        />
        {pausedAt !== null && <Newer since={pausedAt} session={session} stream={stream} />}
        {!asks && (
          <>
            <Button
              variant={paused ? "filled" : "default"}
              leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
              onClick={togglePause}
              data-testid="grid-pause"
            >
              {paused ? "Go on" : "Pause"}
            </Button>
            <Button
              variant="default"
              leftSection={<IconArrowBarToDown size={14} />}
              disabled={status.following}
              onClick={() => grid.current?.follow()}
              data-testid="grid-follow"
            >
              {status.following ? "Following" : "Follow"}
            </Button>
          </>
        )}
      </div>
      {asks ? (
        <Found rows={sorted} />
      ) : (
        <Overlay status={status} filtered={matcher !== null} session={session} stream={stream} />
      )}
      <GridTable
        handle={grid}
        session={session}
        stream={stream}
        columns={shown}
        matcher={matcher}
        paused={paused}
        sorted={asks ? (sorted.chunks ?? NOTHING) : null}
        sort={sort}
        changeSort={ended ? (name) => setSort(nextSort(sort, name, stream.columns)) : null}
        filters={filtering ? filters : null}
        changeFilters={setFilters}
        onStatus={setStatus}
        openRow={setDetail}
      />
      <RowDetail row={detail} columns={columns} close={() => setDetail(null)} />
    </div>
  );
}

/** Texts that nobody has typed on for a moment: each change is a question to the server. */
function useSettled(texts: Texts): Texts {
  return useDebouncedValue(texts, 300)[0];
}

type Texts = Pick<Wanted, "search" | "filters">;

function isAsking({ search, filters }: Texts): boolean {
  return search.trim() !== "" || Object.values(filters).some((text) => text.trim() !== "");
}

/** Tells the page which rows are shown, as far as the texts make sense. */
function useShowing({ session, stream, range }: ViewProps, texts: Texts, showing: ViewProps["showing"]): void {
  const client = useQueryClient();
  useEffect(() => {
    let current = true;
    const show = (conditions: Conditions): void => showing({ stream: stream.key, conditions });
    const none = { filters: [], any_of: [] };
    conditionsOf({ session, stream, range }, texts, client).then(
      (conditions) => current && show(conditions),
      () => current && show(none),
    );
    return () => {
      current = false;
      show({ ...none, filters: rangeFilters(range, stream.columns) });
    };
  }, [session, stream, range, texts, client, showing]);
}

const NOTHING: readonly Chunk[] = [];

/** Over a grid of stored rows that is empty: they are still looked for, or there are none. */
function Found({ rows }: { rows: StoredRows }) {
  if (rows.rows > 0 || rows.error !== null) return null;
  return (
    <div className={classes.overlay}>
      {rows.chunks === null ? <Loading /> : <Empty title="No row matches">The search, the filters and the marked time were held against all stored rows.</Empty>}
    </div>
  );
}

function matcherOf(
  stream: ViewProps["stream"],
  search: string,
  filters: Readonly<Record<string, string>>,
): { matcher: Matcher | null; problem: string | null } {
  try {
    return { matcher: makeMatcher(stream.columns, search, filters, stream.lacks), problem: null };
  } catch (error) {
    return { matcher: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

function Matching({
  status,
  filtered,
  kept: sortedRows,
  session,
  stream,
}: {
  status: GridStatus;
  filtered: boolean;
  /** Rows that the server sorted; null: it did not. */
  kept: number | null;
  session: SessionProps;
  stream: ViewProps["stream"];
}) {
  const skipped = session.snapshot().skippedRows;
  const kept = sortedRows ?? stream.rows.rows;
  if (filtered) {
    return (
      <span className={classes.status} data-testid="rows-matching">
        {count(status.matching)} of {count(kept)} rows match{status.pending > 0 ? "…" : ""}
      </span>
    );
  }
  if (sortedRows !== null || (skipped === 0 && stream.rows.dropped === 0)) return null;
  return (
    <span
      className={classes.status}
      title={`${count(skipped)} rows skipped because this browser was slow, ${count(stream.rows.dropped)} older rows let go. Every row is stored: export has them all.`}
    >
      showing {count(kept)} of {count(kept + skipped + stream.rows.dropped)} rows; all stored
    </span>
  );
}

/** Over an empty grid: why it is empty. */
function Overlay({ status, filtered, session, stream }: Rows & { status: GridStatus; filtered: boolean }) {
  useFrame(session, 250);
  if (rowsSoFar(stream) === 0) {
    return (
      <div className={classes.overlay}>
        <NoRows session={session} waiting="Rows appear here as soon as something happens." />
      </div>
    );
  }
  if (!filtered || status.matching > 0 || status.pending > 0) return null;
  return (
    <div className={classes.overlay}>
      <Empty title="No row matches">Of those that this browser has read so far; once the session has ended all stored rows are searched.</Empty>
    </div>
  );
}

type Rows = Pick<ViewProps, "session" | "stream">;

function rowsSoFar({ rows }: ViewProps["stream"]): number {
  return rows.rows + rows.dropped;
}

function Newer({ since, session, stream }: Rows & { since: number }) {
  useFrame(session);
  return (
    <span className={classes.status} data-testid="rows-newer">
      paused, {count(rowsSoFar(stream) - since)} newer
    </span>
  );
}

type SessionProps = ViewProps["session"];

function ColumnChooser({
  columns,
  hidden,
  change,
}: {
  columns: readonly GridColumn[];
  hidden: ReadonlySet<string>;
  change: (hidden: ReadonlySet<string>) => void;
}) {
  const toggle = (name: string): void => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    change(next);
  };
  return (
    <Popover position="bottom-start" shadow="md">
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns3 size={14} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <div className={classes.chooser}>
          {columns.map((column) => (
            <Checkbox
              key={column.name}
              size="xs"
              label={column.title}
              checked={!hidden.has(column.name)}
              onChange={() => toggle(column.name)}
            />
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
