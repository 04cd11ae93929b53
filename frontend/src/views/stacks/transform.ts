import { escapeBytes, visible } from "../../format/bytes-text";
import { formatValue } from "../../format/column";
import type { Column } from "../../gen/proto/v1/tool_pb";
import { type Chunk, type ColumnData, columnOf, type Dictionary, entry, valueAt } from "../../stream/chunk";
import { numberAt, type Roles, rolesOf } from "../columns-of";

export interface Frame {
  readonly name: string;
  readonly parent: Frame | null;
  readonly depth: number;
  /** Events in this frame and everything it called. */
  total: number;
  /** Events with this frame on top. */
  self: number;
  readonly children: Map<string, Frame>;
}

/** Stacks summed by one measure into one tree, root first. With `byKeys` the keys (process, thread) are the first frames. */
export class StackTree {
  readonly root: Frame = makeFrame("all", null);
  readonly roles: Roles;
  version = 0;

  constructor(
    private readonly columns: readonly Column[],
    measure: string,
    private readonly byKeys: boolean,
  ) {
    this.roles = rolesOf(columns, measure);
  }

  add(chunk: Chunk): void {
    const stacks = columnOf(chunk, this.roles.stack);
    if (stacks.kind !== "stack") return;
    const names = namesOf(stacks.dictionary);
    for (let row = 0; row < chunk.rows; row++) this.addStack(chunk, row, stacks, names);
    this.version++;
  }

  private addStack(chunk: Chunk, row: number, stacks: Extract<ColumnData, { kind: "stack" }>, names: (code: number) => string): void {
    const events = numberAt(chunk, this.roles.hits, row);
    let frame = this.root;
    frame.total += events;
    if (this.byKeys && this.roles.keys.length > 0) frame = step(frame, this.keysOf(chunk, row), events);
    for (let i = stacks.offsets[row] ?? 0; i < (stacks.offsets[row + 1] ?? 0); i++) {
      frame = step(frame, names(stacks.codes[i] ?? 0), events);
    }
    frame.self += events;
  }

  private keysOf(chunk: Chunk, row: number): string {
    return this.roles.keys.map((index) => formatValue(this.columns[index] as Column, valueAt(columnOf(chunk, index), row))).join(" ");
  }
}

function makeFrame(name: string, parent: Frame | null): Frame {
  return { name, parent, depth: parent === null ? 0 : parent.depth + 1, total: 0, self: 0, children: new Map() };
}

function step(frame: Frame, name: string, events: number): Frame {
  let child = frame.children.get(name);
  if (child === undefined) {
    child = makeFrame(name, frame);
    frame.children.set(name, child);
  }
  child.total += events;
  return child;
}

/** Names by code, each decoded once. */
function namesOf(dictionary: Dictionary): (code: number) => string {
  const known: string[] = [];
  return (code) => (known[code] ??= visible(escapeBytes(entry(dictionary, code))));
}

const KERNEL = "_[k]";

export function isKernel(frame: Frame): boolean {
  return frame.name.endsWith(KERNEL);
}

export function shortName(frame: Frame): string {
  return isKernel(frame) ? frame.name.slice(0, -KERNEL.length) : frame.name;
}

/** One line a stack, as flame graph tools read them: root;...;leaf count. */
export function folded(root: Frame): string {
  const lines: string[] = [];
  const walk = (frame: Frame, path: readonly string[]): void => {
    if (frame.self > 0) lines.push(`${path.join(";")} ${frame.self}`);
    for (const child of frame.children.values()) walk(child, [...path, child.name.replaceAll(";", ":")]);
  };
  walk(root, []);
  return lines.sort().join("\n");
}

export interface FunctionSum {
  readonly name: string;
  readonly self: number;
  readonly total: number;
}

/** Functions by the events they were on top of; a recursive one counts once for each event in `total`. */
export function functions(root: Frame): FunctionSum[] {
  const sums = new Map<string, { self: number; total: number }>();
  const walk = (frame: Frame, above: ReadonlySet<string>): void => {
    const sum = sums.get(frame.name) ?? { self: 0, total: 0 };
    sums.set(frame.name, sum);
    sum.self += frame.self;
    const seen = above.has(frame.name);
    if (!seen) sum.total += frame.total;
    const next = seen ? above : new Set(above).add(frame.name);
    for (const child of frame.children.values()) walk(child, next);
  };
  for (const child of root.children.values()) walk(child, new Set());
  return [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.self - a.self || b.total - a.total);
}
