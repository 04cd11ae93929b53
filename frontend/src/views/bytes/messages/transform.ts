import { wallNs } from "../../../format/clock";
import { formatValue } from "../../../format/column";
import type { Column } from "../../../gen/proto/v1/tool_pb";
import { Role, Unit } from "../../../gen/proto/v1/tool_pb";
import { type Chunk, columnOf, valueAt } from "../../../stream/chunk";
import { type AnchorOf, numberAt, timeAt } from "../../columns-of";
import { type BytesColumns, bytesColumns, type Direction, directionAt, payloadAt } from "../columns";

export interface Message {
  readonly id: number;
  readonly conversation: Conversation;
  readonly ns: bigint;
  readonly direction: Direction;
  readonly data: Uint8Array;
  /** Bytes that there were, of which `data` is what was kept. */
  readonly size: number;
  readonly latency: number | null;
}

export interface Conversation {
  readonly key: string;
  /** Program, process, connection: whatever there is, made readable. */
  readonly labels: readonly string[];
  readonly run: number;
  messages: Message[];
  bytesIn: number;
  bytesOut: number;
  firstNs: bigint;
  lastNs: bigint;
  dropped: number;
}

/** Payload bytes that a browser keeps of one stream; the oldest messages go first. */
export const KEPT_BYTES = 96 * 1024 * 1024;
/** What a message costs besides its payload. */
const OVERHEAD = 200;

/** Messages by who talked to whom: by connection where there is one, else by process, else all in one. */
export class Conversations {
  readonly columns: BytesColumns;
  private readonly keys: readonly number[];
  private readonly byKey = new Map<string, Conversation>();
  private readonly queue: Message[] = [];
  private oldest = 0;
  private kept = 0;
  private nextId = 0;
  version = 0;

  constructor(
    private readonly schema: readonly Column[],
    private readonly anchorOf: AnchorOf,
    private readonly bound = KEPT_BYTES,
  ) {
    this.columns = bytesColumns(schema);
    this.keys = keysOf(schema, this.columns);
  }

  get list(): Conversation[] {
    return [...this.byKey.values()];
  }

  get messages(): number {
    return this.queue.length - this.oldest;
  }

  get dropped(): number {
    return this.nextId - this.messages;
  }

  add(chunk: Chunk): void {
    for (let row = 0; row < chunk.rows; row++) this.addRow(chunk, row);
    this.trim();
    this.version++;
  }

  private addRow(chunk: Chunk, row: number): void {
    const { columns } = this;
    const conversation = this.conversationOf(chunk, row);
    const data = payloadAt(chunk, columns.payload, row);
    const message: Message = {
      id: this.nextId++,
      conversation,
      ns: this.wallOf(chunk, row),
      direction: directionAt(chunk, columns.direction, row),
      data,
      size: columns.size < 0 ? data.length : Math.max(data.length, numberAt(chunk, columns.size, row)),
      latency: columns.latency < 0 ? null : numberAt(chunk, columns.latency, row),
    };
    if (conversation.messages.length === 0 && conversation.dropped === 0) conversation.firstNs = message.ns;
    conversation.lastNs = message.ns;
    conversation.messages.push(message);
    if (message.direction === "in") conversation.bytesIn += message.size;
    else conversation.bytesOut += message.size;
    this.queue.push(message);
    this.kept += data.length + OVERHEAD;
  }

  private wallOf(chunk: Chunk, row: number): bigint {
    const anchor = this.anchorOf(chunk.runs[row] ?? 0);
    const boot = timeAt(chunk, this.columns.time, row);
    return anchor === undefined ? boot : wallNs(anchor, boot);
  }

  private conversationOf(chunk: Chunk, row: number): Conversation {
    const run = chunk.runs[row] ?? 0;
    const labels = this.keys.map((index) => this.textAt(chunk, index, row));
    const key = [run, ...labels].join("\u0000");
    let conversation = this.byKey.get(key);
    if (conversation === undefined) {
      const named = this.columns.connection >= 0 && this.columns.comm >= 0;
      if (named) labels.unshift(this.textAt(chunk, this.columns.comm, row));
      conversation = { key, labels, run, messages: [], bytesIn: 0, bytesOut: 0, firstNs: 0n, lastNs: 0n, dropped: 0 };
      this.byKey.set(key, conversation);
    }
    return conversation;
  }

  private textAt(chunk: Chunk, index: number, row: number): string {
    return formatValue(this.schema[index] as Column, valueAt(columnOf(chunk, index), row));
  }

  private trim(): void {
    while (this.kept > this.bound && this.messages > 1) {
      const message = this.queue[this.oldest++] as Message;
      this.kept -= message.data.length + OVERHEAD;
      message.conversation.messages.shift();
      message.conversation.dropped++;
    }
    if (this.oldest > 1024 && this.oldest * 2 > this.queue.length) {
      this.queue.splice(0, this.oldest);
      this.oldest = 0;
    }
  }
}

/** The process and its connection, whichever thread serves it; without a connection, whatever names the row. */
function keysOf(schema: readonly Column[], columns: BytesColumns): number[] {
  if (columns.connection >= 0) return [columns.pid, columns.connection].filter((index) => index >= 0);
  if (columns.terminal >= 0) return [columns.terminal];
  const unfit = new Set([Unit.DIRECTION, Unit.CGROUP, Unit.TID]);
  return schema.flatMap((column, index) => (column.role === Role.KEY && !unfit.has(column.unit) ? [index] : []));
}

/** Messages whose kept bytes hold the text, blind to ASCII case; null: nothing is searched. */
export function finder(search: string): ((message: Message) => boolean) | null {
  if (search === "") return null;
  const needle = new TextEncoder().encode(search.toLowerCase());
  return ({ data }) => holds(data, needle);
}

function holds(data: Uint8Array, needle: Uint8Array): boolean {
  const first = needle[0] ?? 0;
  for (let at = 0; at <= data.length - needle.length; at++) {
    if (lower(data[at] ?? 0) !== first) continue;
    let i = 1;
    while (i < needle.length && lower(data[at + i] ?? 0) === needle[i]) i++;
    if (i === needle.length) return true;
  }
  return false;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
