import { alignsRight, formatValue, rawText, typicalWidth } from "../../format/column";
import { type Anchor, rfc3339, timeOfDay, wallNs } from "../../format/clock";
import { type Column, Role, Unit } from "../../gen/proto/v1/tool_pb";
import type { Lacks } from "./predicate";
import { type Chunk, columnOf, valueAt } from "../../stream/chunk";

export interface RunLabel extends Anchor {
  readonly host: string;
}

/** One column of the grid: how wide, and the text of a row. */
export interface GridColumn {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly right: boolean;
  readonly width: number;
  readonly flexible: boolean;
  readonly hidden: boolean;
  readonly text: (chunk: Chunk, row: number) => string;
  /** Exact text for copying and for tooltips. */
  readonly exact: (chunk: Chunk, row: number) => string;
  readonly failed: (chunk: Chunk, row: number) => boolean;
}

type RunOf = (index: number) => RunLabel | undefined;

export function gridColumns(columns: readonly Column[], runOf: RunOf, withHost: boolean, lacks: Lacks = () => false): GridColumn[] {
  const flexible = flexibleColumn(columns);
  const own = columns.map((column, index) => dataColumn(column, index, column === flexible, runOf, lacks));
  if (!withHost) return own;
  const after = columns.findIndex((column) => column.role === Role.TIME) + 1;
  return [...own.slice(0, after), hostColumn(runOf), ...own.slice(after)];
}

/** The column that takes the rest of the width: the last free text, if there is one. */
function flexibleColumn(columns: readonly Column[]): Column | undefined {
  const texts = columns.filter((column) => [Role.TEXT, Role.STACK, Role.PAYLOAD].includes(column.role) && !column.hidden);
  return texts[texts.length - 1];
}

function dataColumn(column: Column, index: number, flexible: boolean, runOf: RunOf, lacks: Lacks): GridColumn {
  const absent = (chunk: Chunk, row: number): boolean => lacks(chunk.runs[row] ?? 0, index);
  const isTime = column.unit === Unit.BOOT_TIME;
  const isError = column.unit === Unit.ERRNO;
  const title = column.title || column.name;
  return {
    name: column.name,
    title,
    help: column.help,
    right: alignsRight(column),
    width: Math.max(typicalWidth(column), title.length),
    flexible,
    hidden: column.hidden,
    text: (chunk, row) =>
      absent(chunk, row) ? "–" : isTime ? timeText(chunk, row, index, runOf, timeOfDay) : formatValue(column, valueAt(columnOf(chunk, index), row)),
    exact: (chunk, row) => (absent(chunk, row) ? "this host has no such column" : isTime ? timeText(chunk, row, index, runOf, rfc3339) : rawText(valueAt(columnOf(chunk, index), row))),
    failed: (chunk, row) => isError && Number(valueAt(columnOf(chunk, index), row)) !== 0,
  };
}

function timeText(chunk: Chunk, row: number, index: number, runOf: RunOf, format: (ns: bigint) => string): string {
  const boot = valueAt(columnOf(chunk, index), row);
  const run = runOf(chunk.runs[row] ?? 0);
  if (run === undefined || typeof boot !== "bigint") return String(boot);
  return format(wallNs(run, boot));
}

function hostColumn(runOf: RunOf): GridColumn {
  const text = (chunk: Chunk, row: number): string => runOf(chunk.runs[row] ?? 0)?.host ?? "";
  return {
    name: "host",
    title: "host",
    help: "Where it happened",
    right: false,
    width: 16,
    flexible: false,
    hidden: false,
    text,
    exact: text,
    failed: () => false,
  };
}

/** Left and right of a cell's text; the style sheet has the same. */
const CELL_PADDING = 17;

export function gridTemplate(columns: readonly GridColumn[]): string {
  return columns
    .map(({ width, flexible }) => {
      const pixels = `calc(${width}ch + ${CELL_PADDING}px)`;
      return flexible ? `minmax(${pixels}, 1fr)` : pixels;
    })
    .join(" ");
}
