import { wallNs } from "../../../format/clock";
import { formatValue } from "../../../format/column";
import type { Column } from "../../../gen/proto/v1/tool_pb";
import { type Chunk, columnOf, valueAt } from "../../../stream/chunk";
import { type AnchorOf, numberAt, timeAt } from "../../columns-of";
import { type BytesColumns, bytesColumns, type Direction, directionAt, payloadAt } from "../columns";

export interface TapeEvent {
  /** Wall clock in ms; never falls along a reel. */
  readonly at: number;
  readonly direction: Direction;
  readonly data: Uint8Array;
  /** Bytes that there were and are not in `data`. */
  readonly missing: number;
  /** Size of the terminal then; 0: not known. */
  readonly columns: number;
  readonly rows: number;
}

/** What one terminal showed, in order. Events are counted from the first one ever: `dropped` of them are gone. */
export class Reel {
  readonly events: TapeEvent[] = [];
  /** Those that are not whole. */
  readonly cuts: TapeEvent[] = [];
  dropped = 0;
  bytes = 0;
  /** The size of the screen comes along. */
  sized = false;

  constructor(
    readonly key: string,
    readonly label: string,
    readonly run: number,
  ) {}

  get end(): number {
    return this.dropped + this.events.length;
  }

  get firstAt(): number {
    return this.events[0]?.at ?? 0;
  }

  get lastAt(): number {
    return this.events.at(-1)?.at ?? 0;
  }

  event(index: number): TapeEvent | undefined {
    return this.events[index - this.dropped];
  }

  /** Index of the first event after `at`. */
  indexAfter(at: number): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.events[middle]?.at ?? 0) > at) high = middle;
      else low = middle + 1;
    }
    return this.dropped + low;
  }
}

/** Bytes that a browser keeps of one terminal; the oldest go first. */
export const KEPT_BYTES = 64 * 1024 * 1024;
const OVERHEAD = 120;

/** One reel for each terminal of each host. */
export class Tapes {
  private readonly columns: BytesColumns;
  private readonly reels = new Map<string, Reel>();

  constructor(
    private readonly schema: readonly Column[],
    private readonly anchorOf: AnchorOf,
    private readonly bound = KEPT_BYTES,
  ) {
    this.columns = bytesColumns(schema);
  }

  get list(): Reel[] {
    return [...this.reels.values()];
  }

  add(chunk: Chunk): void {
    for (let row = 0; row < chunk.rows; row++) this.addRow(chunk, row);
  }

  private addRow(chunk: Chunk, row: number): void {
    const { columns } = this;
    const reel = this.reelOf(chunk, row);
    const data = payloadAt(chunk, columns.payload, row);
    const size = columns.size < 0 ? data.length : numberAt(chunk, columns.size, row);
    const event: TapeEvent = {
      at: Math.max(reel.lastAt, this.atOf(chunk, row)),
      direction: directionAt(chunk, columns.direction, row),
      data,
      missing: Math.max(0, size - data.length),
      columns: columns.screenColumns < 0 ? 0 : numberAt(chunk, columns.screenColumns, row),
      rows: columns.screenRows < 0 ? 0 : numberAt(chunk, columns.screenRows, row),
    };
    reel.events.push(event);
    reel.sized ||= event.columns > 0;
    if (event.missing > 0) reel.cuts.push(event);
    reel.bytes += data.length + OVERHEAD;
    while (reel.bytes > this.bound && reel.events.length > 1) {
      reel.bytes -= (reel.events.shift()?.data.length ?? 0) + OVERHEAD;
      reel.dropped++;
    }
  }

  private atOf(chunk: Chunk, row: number): number {
    const boot = timeAt(chunk, this.columns.time, row);
    const anchor = this.anchorOf(chunk.runs[row] ?? 0);
    return Number((anchor === undefined ? boot : wallNs(anchor, boot)) / 1000n) / 1000;
  }

  private reelOf(chunk: Chunk, row: number): Reel {
    const run = chunk.runs[row] ?? 0;
    const index = this.columns.terminal;
    const label = index < 0 ? "" : formatValue(this.schema[index] as Column, valueAt(columnOf(chunk, index), row));
    const key = `${run} ${label}`;
    let reel = this.reels.get(key);
    if (reel === undefined) {
      reel = new Reel(key, label, run);
      this.reels.set(key, reel);
    }
    return reel;
  }
}
