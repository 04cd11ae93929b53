import { formatValue } from "../../format/column";
import type { Column } from "../../gen/proto/v1/tool_pb";
import { type Chunk, columnOf, valueAt } from "../../stream/chunk";
import { type AnchorOf, numberAt, type Roles, rolesOf, timeAt, wallSecond } from "../columns-of";

/** Points of a history. */
export const HISTORY = 60;

export interface TopRow {
  readonly key: string;
  readonly keys: readonly string[];
  /** Values by measure, in the order of `measures`. */
  readonly values: readonly number[];
  /** The counting measure over time, oldest first, `HISTORY` long. */
  readonly history: readonly number[];
}

interface Entry {
  readonly key: string;
  readonly keys: readonly string[];
  readonly run: number;
  readonly total: number[];
  last: number[];
  lastTime: bigint;
  readonly points: Map<number, number>;
}

export type Span = "interval" | "total";

/** Ranks keys by their measures, over the last interval of each host or the whole session. */
export class TopTable {
  readonly roles: Roles;
  private readonly entries = new Map<string, Entry>();
  private readonly newest = new Map<number, bigint>();
  private newestPoint = 0;

  constructor(
    private readonly columns: readonly Column[],
    hits: string,
    private readonly anchorOf: AnchorOf,
    /** Seconds that one point of the history stands for. */
    private readonly step = 1,
  ) {
    this.roles = rolesOf(columns, hits);
  }

  add(chunk: Chunk): void {
    for (let row = 0; row < chunk.rows; row++) this.addRow(chunk, row);
  }

  rows(span: Span, apart: boolean, sortBy: number): TopRow[] {
    const groups = new Map<string, { keys: readonly string[]; values: number[]; history: number[] }>();
    for (const entry of this.entries.values()) {
      const values = span === "total" ? entry.total : this.isNewest(entry) ? entry.last : null;
      if (values === null) continue;
      const key = apart ? `${entry.run} ${entry.key}` : entry.key;
      const group = groups.get(key) ?? {
        keys: entry.keys,
        values: values.map(() => 0),
        history: new Array<number>(HISTORY).fill(0),
      };
      groups.set(key, group);
      values.forEach((value, i) => (group.values[i] = (group.values[i] ?? 0) + value));
      this.addHistory(group.history, entry);
    }
    const place = Math.max(0, this.roles.measures.indexOf(sortBy));
    return [...groups]
      .map(([key, group]) => ({ key, ...group }))
      .sort((a, b) => (b.values[place] ?? 0) - (a.values[place] ?? 0) || a.key.localeCompare(b.key));
  }

  private addRow(chunk: Chunk, row: number): void {
    const run = chunk.runs[row] ?? 0;
    const time = timeAt(chunk, this.roles.time, row);
    const entry = this.entryOf(chunk, row, run);
    const values = this.roles.measures.map((measure) => numberAt(chunk, measure, row));
    if (entry.lastTime !== time) entry.last = values.map(() => 0);
    entry.lastTime = time;
    values.forEach((value, i) => {
      entry.total[i] = (entry.total[i] ?? 0) + value;
      entry.last[i] = (entry.last[i] ?? 0) + value;
    });
    if (time > (this.newest.get(run) ?? -1n)) this.newest.set(run, time);
    this.addPoint(entry, Math.floor(wallSecond(this.anchorOf, run, time) / this.step), numberAt(chunk, this.roles.hits, row));
  }

  private addPoint(entry: Entry, point: number, hits: number): void {
    this.newestPoint = Math.max(this.newestPoint, point);
    entry.points.set(point, (entry.points.get(point) ?? 0) + hits);
    if (entry.points.size <= 2 * HISTORY) return;
    for (const old of entry.points.keys()) if (old <= this.newestPoint - HISTORY) entry.points.delete(old);
  }

  private entryOf(chunk: Chunk, row: number, run: number): Entry {
    const keys = this.roles.keys.map((index) => formatValue(this.columns[index] as Column, valueAt(columnOf(chunk, index), row)));
    const key = keys.join("\u0000");
    const id = `${run}\u0000${key}`;
    let entry = this.entries.get(id);
    if (entry === undefined) {
      entry = { key, keys, run, total: this.roles.measures.map(() => 0), last: [], lastTime: -1n, points: new Map() };
      this.entries.set(id, entry);
    }
    return entry;
  }

  private isNewest(entry: Entry): boolean {
    return entry.lastTime === this.newest.get(entry.run);
  }

  private addHistory(history: number[], entry: Entry): void {
    for (const [point, hits] of entry.points) {
      const place = point - this.newestPoint + HISTORY - 1;
      if (place >= 0 && place < HISTORY) history[place] = (history[place] ?? 0) + hits;
    }
  }
}

/** What one table ranks, with the histories that another has. */
export function rankedRows(totals: TopTable, overTime: TopTable, apart: boolean, sortBy: number): TopRow[] {
  const histories = new Map(overTime.rows("total", apart, sortBy).map(({ key, history }) => [key, history]));
  const none = new Array<number>(HISTORY).fill(0);
  return totals.rows("total", apart, sortBy).map((row) => ({ ...row, history: histories.get(row.key) ?? none }));
}
