import { formatValue } from "../../format/column";
import type { Column } from "../../gen/proto/v1/tool_pb";
import { type Chunk, columnOf, valueAt } from "../../stream/chunk";
import { type AnchorOf, numberAt, type Roles, rolesOf, timeAt, wallSecond } from "../columns-of";

export const SLOTS = 64;
const KEPT_SECONDS = 3600;

export interface Histogram {
  readonly key: string;
  readonly label: string;
  readonly counts: Float64Array;
  readonly bySecond: Map<number, Float64Array>;
  /** Seconds that one entry of `bySecond` stands for. */
  readonly step: number;
  events: number;
}

/** Sums of slots by key, for the whole session and by second. */
export class Histograms {
  readonly roles: Roles;
  private readonly byKey = new Map<string, Histogram>();

  constructor(
    private readonly columns: readonly Column[],
    hits: string,
    private readonly anchorOf: AnchorOf,
  ) {
    this.roles = rolesOf(columns, hits);
  }

  add(chunk: Chunk): void {
    for (let row = 0; row < chunk.rows; row++) {
      const slot = numberAt(chunk, this.roles.bucket, row);
      if (slot < 0 || slot >= SLOTS) continue;
      const events = numberAt(chunk, this.roles.hits, row);
      const histogram = this.of(chunk, row);
      histogram.counts[slot] = (histogram.counts[slot] ?? 0) + events;
      histogram.events += events;
      const second = secondOf(histogram, wallSecond(this.anchorOf, chunk.runs[row] ?? 0, timeAt(chunk, this.roles.time, row)));
      second[slot] = (second[slot] ?? 0) + events;
    }
  }

  /** Most events first. */
  list(): Histogram[] {
    return [...this.byKey.values()].sort((a, b) => b.events - a.events || a.key.localeCompare(b.key));
  }

  /** By what a row's histogram is known. */
  keyOf(chunk: Chunk, row: number): string {
    return this.keysOf(chunk, row).join("\u0000");
  }

  private keysOf(chunk: Chunk, row: number): string[] {
    return this.roles.keys.map((index) => formatValue(this.columns[index] as Column, valueAt(columnOf(chunk, index), row)));
  }

  private of(chunk: Chunk, row: number): Histogram {
    const keys = this.keysOf(chunk, row);
    const key = keys.join("\u0000");
    let histogram = this.byKey.get(key);
    if (histogram === undefined) {
      histogram = { key, label: keys.join(" · ") || "all", counts: new Float64Array(SLOTS), bySecond: new Map(), step: 1, events: 0 };
      this.byKey.set(key, histogram);
    }
    return histogram;
  }
}

function secondOf(histogram: Histogram, second: number): Float64Array {
  let counts = histogram.bySecond.get(second);
  if (counts === undefined) {
    counts = new Float64Array(SLOTS);
    histogram.bySecond.set(second, counts);
    if (histogram.bySecond.size > KEPT_SECONDS) histogram.bySecond.delete(Math.min(...histogram.bySecond.keys()));
  }
  return counts;
}

/** Several keys as one. */
export function sum(histograms: readonly Histogram[]): Histogram {
  const all: Histogram = { key: "", label: "all", counts: new Float64Array(SLOTS), bySecond: new Map(), step: 1, events: 0 };
  for (const histogram of histograms) {
    histogram.counts.forEach((events, slot) => (all.counts[slot] = (all.counts[slot] ?? 0) + events));
    all.events += histogram.events;
    for (const [second, counts] of histogram.bySecond) {
      const target = secondOf(all, second);
      counts.forEach((events, slot) => (target[slot] = (target[slot] ?? 0) + events));
    }
  }
  return all;
}

/** First and last slot with events, so that empty ends are not drawn; null without any. */
export function usedSlots(counts: Float64Array): { first: number; last: number } | null {
  const first = counts.findIndex((events) => events > 0);
  if (first < 0) return null;
  return { first, last: counts.findLastIndex((events) => events > 0) };
}

/** The slot in which the given share of the events is reached: all that log2 slots can say of a percentile. */
export function percentileSlot(counts: Float64Array, share: number): number {
  const total = counts.reduce((all, events) => all + events, 0);
  let below = 0;
  for (let slot = 0; slot < counts.length; slot++) {
    below += counts[slot] ?? 0;
    if (total > 0 && below >= share * total) return slot;
  }
  return 0;
}
