import { type KeyboardEvent, type MouseEvent, type Ref, useEffect, useId, useImperativeHandle, useRef } from "react";
import type { Chunk } from "../../stream/chunk";
import type { ViewProps } from "../view-props";
import { type GridColumn, gridTemplate } from "./columns";
import classes from "./events.module.css";
import { Grid, type GridSource, type GridStatus } from "./grid";
import { filterHint, type Matcher } from "./predicate";
import { rowText } from "./row-text";
import type { RowRef } from "./transform";
import type { Sort } from "./use-stored-rows";

export interface GridHandle {
  follow(): void;
}

interface Props extends Pick<ViewProps, "session" | "stream"> {
  handle: Ref<GridHandle>;
  columns: readonly GridColumn[];
  matcher: Matcher | null;
  paused: boolean;
  /** What the server sorted; null: the rows as they came. */
  sorted: readonly Chunk[] | null;
  sort: Sort | null;
  /** Null while rows still arrive: what is not all there cannot be sorted. */
  changeSort: ((column: string) => void) | null;
  /** Texts of the filter row; null while it is closed. */
  filters: Readonly<Record<string, string>> | null;
  changeFilters: (filters: Record<string, string>) => void;
  onStatus: (status: GridStatus) => void;
  openRow: (row: RowRef) => void;
}

/** The element of the grid: React draws its frame and headings, `Grid` draws the rows. */
export function GridTable(props: Props) {
  const { handle, session, stream, columns, matcher, paused, sorted, sort, changeSort, filters, changeFilters, onStatus, openRow } = props;
  const prefix = `${useId()}-row-`;
  const scroller = useRef<HTMLDivElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const grid = useRef<Grid | null>(null);

  useEffect(() => {
    if (scroller.current === null || spacer.current === null || layer.current === null) return;
    const parts = { scroller: scroller.current, spacer: spacer.current, layer: layer.current };
    const made = new Grid(parts, liveSource(stream), onStatus, prefix);
    grid.current = made;
    const leave = session.onFrame(() => made.frame());
    return () => {
      leave();
      made.destroy();
      grid.current = null;
    };
  }, [session, stream, onStatus, prefix]);

  const template = gridTemplate(columns);
  useEffect(() => grid.current?.setColumns(columns), [grid, template, columns.length]); // eslint-disable-line react-hooks/exhaustive-deps
  useEffect(() => grid.current?.setMatcher(matcher), [matcher]);
  const isSorted = sorted !== null;
  const wasSorted = useRef(isSorted);
  useEffect(() => {
    const start = isSorted === wasSorted.current ? "stay" : isSorted ? "top" : "follow";
    wasSorted.current = isSorted;
    grid.current?.setSource(sorted !== null ? fixedSource(sorted) : paused ? frozenSource(stream) : liveSource(stream), start);
  }, [paused, stream, sorted, isSorted]);
  useImperativeHandle(handle, () => ({ follow: () => grid.current?.follow() }), []);

  const open = (): void => {
    const made = grid.current;
    const row = made?.selected == null ? null : made.rowAt(made.selected);
    if (row != null) openRow(row);
  };
  const copy = (): void => {
    const made = grid.current;
    const row = made?.selected == null ? null : made.rowAt(made.selected);
    if (row != null) void navigator.clipboard.writeText(rowText(columns, row));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (scroller.current === null || event.target !== scroller.current || event.ctrlKey || event.metaKey || event.altKey) return;
    if (moveByKey(grid.current, event.key)) event.preventDefault();
    else if (event.key === "Enter") open();
    else if (event.key === "c") copy();
    scroller.current.setAttribute("aria-activedescendant", `${prefix}${grid.current?.selected ?? ""}`);
  };
  const onClick = (event: MouseEvent): void => {
    const index = rowIndex(event.target);
    if (index !== null) grid.current?.select(index);
  };
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      style={{ ["--columns" as string]: template, ["--header" as string]: filters === null ? "26px" : "52px" }}
      role="grid"
      aria-label={stream.title || stream.name}
      aria-colcount={columns.length}
      tabIndex={0}
      data-testid="session-grid"
      onKeyDown={onKey}
      onClick={onClick}
      onDoubleClick={open}
      onMouseOver={(event) => showExact(event.target, grid.current, columns)}
    >
      <div className={classes.inner}>
        <div className={classes.header} role="row">
          {columns.map((column) => (
            <div
              key={column.name}
              role="columnheader"
              data-right={column.right || undefined}
              title={column.help || column.title}
              aria-sort={sort?.column !== column.name ? undefined : sort.descending ? "descending" : "ascending"}
            >
              <Heading column={column} sort={sort} change={changeSort} />
              {filters !== null && (
                <FilterInput
                  column={column}
                  stream={stream}
                  value={filters[column.name] ?? ""}
                  change={(text) => changeFilters({ ...filters, [column.name]: text })}
                />
              )}
            </div>
          ))}
        </div>
        <div className={classes.window} role="rowgroup">
          <div ref={layer} className={classes.layer} />
        </div>
        <div ref={spacer} aria-hidden="true" />
      </div>
    </div>
  );
}

interface HeadingProps {
  column: GridColumn;
  sort: Sort | null;
  change: Props["changeSort"];
}

function Heading({ column, sort, change }: HeadingProps) {
  if (change === null) return <span>{column.title}</span>;
  const mark = sort?.column !== column.name ? "" : sort.descending ? " ▾" : " ▴";
  return (
    <button type="button" className={classes.heading} data-testid={`grid-sort-${column.name}`} onClick={() => change(column.name)}>
      {column.title}
      {mark}
    </button>
  );
}

function FilterInput({
  column,
  stream,
  value,
  change,
}: {
  column: GridColumn;
  stream: ViewProps["stream"];
  value: string;
  change: (text: string) => void;
}) {
  const own = stream.columns.find((candidate) => candidate.name === column.name);
  if (own === undefined) return null;
  return (
    <input
      aria-label={`Filter ${column.title}`}
      data-testid={`grid-filter-${column.name}`}
      placeholder={filterHint(own)}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
      spellCheck={false}
    />
  );
}

function liveSource({ rows }: ViewProps["stream"]): GridSource {
  return { chunks: () => rows.chunks, dropped: () => rows.dropped };
}

function fixedSource(chunks: readonly Chunk[]): GridSource {
  return { chunks: () => chunks, dropped: () => 0 };
}

/** The rows of this moment: chunks never change, so holding them is all it takes. */
function frozenSource({ rows }: ViewProps["stream"]): GridSource {
  const [chunks, dropped] = [rows.chunks, rows.dropped];
  return { chunks: () => chunks, dropped: () => dropped };
}

function moveByKey(grid: Grid | null, key: string): boolean {
  switch (key) {
    case "ArrowDown":
      grid?.move(1);
      return true;
    case "ArrowUp":
      grid?.move(-1);
      return true;
    case "PageDown":
      grid?.page(1);
      return true;
    case "PageUp":
      grid?.page(-1);
      return true;
    case "Home":
      grid?.moveToEdge("first");
      return true;
    case "End":
      grid?.moveToEdge("last");
      return true;
    default:
      return false;
  }
}

function rowIndex(target: EventTarget): number | null {
  const row = target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null;
  return row === null ? null : Number(row.dataset.row);
}

/** The exact value of the cell under the mouse, as its tooltip. */
function showExact(target: EventTarget, grid: Grid | null, columns: readonly GridColumn[]): void {
  if (!(target instanceof HTMLElement) || target.dataset.col === undefined) return;
  const index = rowIndex(target);
  const row = index === null ? null : grid?.rowAt(index);
  const column = columns.find((candidate) => candidate.name === target.dataset.col);
  if (row != null && column !== undefined) target.title = column.exact(row.chunk, row.row);
}
