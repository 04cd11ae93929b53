import { wallNs } from "../../format/clock";
import { formatValue } from "../../format/column";
import type { Column } from "../../gen/proto/v1/tool_pb";
import { type Chunk, columnOf, valueAt } from "../../stream/chunk";
import { type AnchorOf, numberAt, type Roles, rolesOf, timeAt } from "../columns-of";

export interface Point {
  /** Wall clock in ms. */
  readonly at: number;
  /** By measure, in the order of `measures`. */
  readonly values: readonly number[];
}

/** One key on one host, over time. */
export interface Series {
  readonly key: string;
  readonly label: string;
  readonly run: number;
  readonly points: Point[];
}

/** Points that a browser keeps of one series: four hours of one a second. */
export const KEPT_POINTS = 14_400;

export class CounterSeries {
  readonly roles: Roles;
  private readonly series = new Map<string, Series>();

  constructor(
    private readonly columns: readonly Column[],
    hits: string,
    private readonly anchorOf: AnchorOf,
  ) {
    this.roles = rolesOf(columns, hits);
  }

  get list(): Series[] {
    return [...this.series.values()];
  }

  /** Measures that are shown, as places in `values` with their columns. */
  get measures(): { readonly place: number; readonly column: Column }[] {
    return this.roles.measures.flatMap((index, place) => {
      const column = this.columns[index];
      return column === undefined || column.hidden ? [] : [{ place, column }];
    });
  }

  add(chunk: Chunk): void {
    for (let row = 0; row < chunk.rows; row++) this.addRow(chunk, row);
  }

  private addRow(chunk: Chunk, row: number): void {
    const { points } = this.seriesOf(chunk, row);
    const boot = timeAt(chunk, this.roles.time, row);
    const anchor = this.anchorOf(chunk.runs[row] ?? 0);
    const at = Number((anchor === undefined ? boot : wallNs(anchor, boot)) / 1_000_000n);
    points.push({ at, values: this.roles.measures.map((index) => numberAt(chunk, index, row)) });
    if (points.length > KEPT_POINTS) points.shift();
  }

  private seriesOf(chunk: Chunk, row: number): Series {
    const run = chunk.runs[row] ?? 0;
    const label = this.roles.keys.map((index) => formatValue(this.columns[index] as Column, valueAt(columnOf(chunk, index), row))).join(" ");
    const key = `${run} ${label}`;
    let series = this.series.get(key);
    if (series === undefined) {
      series = { key, label, run, points: [] };
      this.series.set(key, series);
    }
    return series;
  }
}

/** The last point at or before a moment; undefined: there was none, or it had ended before. */
export function pointAt({ points }: Series, at: number, tolerance: number): Point | undefined {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.at ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  const point = points[low - 1];
  return point !== undefined && at - point.at <= tolerance ? point : undefined;
}

/** The usual time between two points, in ms: what is much longer is a gap. */
export function stepOf(list: readonly Series[]): number {
  const steps = list.flatMap(({ points }) => points.slice(-100).map(({ at }, place, part) => at - (part[place - 1]?.at ?? at)));
  const real = steps.filter((step) => step > 0).sort((a, b) => a - b);
  return real[Math.floor(real.length / 2)] ?? 1000;
}
