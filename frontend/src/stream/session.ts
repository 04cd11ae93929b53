import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Closing,
  CursorSchema,
  LiveMessageSchema,
  type RunRows,
  type RunState,
  type SessionState,
  type Skipped,
  ViewerMessageSchema,
} from "../gen/proto/v1/live_pb";
import type { Column, Kind } from "../gen/proto/v1/tool_pb";
import type { StreamSchema } from "../gen/proto/v1/stream_pb";
import { Role } from "../gen/proto/v1/tool_pb";
import { type Chunk, type ColumnData, concat } from "./chunk";
import { decodeBodies } from "./decode";
import { FrameFlush } from "./frames";
import { mergeColumns, placed, widenedColumns } from "./merge";
import { Rates } from "./rates";
import { Rows } from "./rows";
import { type Connection, Socket, type SocketHandlers } from "./socket";

/**
 * One kind of rows of a session: what its runs call by the same stream name, with the columns of all of them. Hosts whose
 * kernels differ may have sent different ones: `lacks` says whether a run has no column of an index.
 */
export interface StreamRows {
  readonly key: string;
  readonly name: string;
  readonly title: string;
  readonly kind: Kind;
  readonly columns: readonly Column[];
  readonly hits: string;
  readonly rows: Rows;
  readonly consumers: Set<(chunk: Chunk) => void>;
  readonly lacks: (run: number, column: number) => boolean;
}

/** Where the columns of each run's stream stand among those of all. */
interface Merging {
  readonly stream: StreamRows;
  readonly places: Map<string, readonly number[]>;
}

/** What the page around the rows shows. A new object whenever something in it changed. */
export interface SessionSnapshot {
  readonly connection: Connection;
  readonly state: SessionState | null;
  readonly streams: readonly StreamRows[];
  readonly skippedRows: number;
  readonly closing: string | null;
  readonly problem: string | null;
}

type Line = Pick<Socket, "send" | "close">;

interface RunProgress {
  readonly index: number;
  seq: bigint;
  rows: bigint;
  order: number;
}

/**
 * The one owner of what this browser holds of a session. Rows are appended as they arrive; listeners of `onFrame` hear of it
 * once per animation frame, and only then does the server learn that they were drawn.
 */
export class SessionStream {
  private readonly socket: Line;
  private readonly flush = new FrameFlush(() => this.flushed());
  private readonly runs = new Map<string, RunProgress>();
  private readonly listeners = new Set<() => void>();
  private readonly frameListeners = new Set<() => void>();
  private states = new Map<string, RunState>();
  private merging = new Map<string, Merging>();
  /** Some runs have columns that others have not. */
  private uneven = false;
  private origin: bigint | null = null;
  private batches = 0n;
  private acked = 0n;
  private stale = false;
  private current: SessionSnapshot = {
    connection: { state: "connecting" },
    state: null,
    streams: [],
    skippedRows: 0,
    closing: null,
    problem: null,
  };
  readonly rates = new Rates();

  constructor(
    readonly id: string,
    open: (path: string, handlers: SocketHandlers) => Line = (path, handlers) => new Socket(path, handlers),
  ) {
    this.socket = open(`/ws/sessions/${encodeURIComponent(id)}`, {
      onOpen: () => this.subscribe(),
      onMessage: (data) => this.received(data),
      onConnection: (connection) => this.update({ connection }),
      onRefused: () => this.update({ closing: this.current.closing ?? "you may not watch this session any more" }),
    });
  }

  readonly snapshot = (): SessionSnapshot => this.current;

  readonly onChange = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  onFrame(listener: () => void): () => void {
    this.frameListeners.add(listener);
    return () => this.frameListeners.delete(listener);
  }

  close(): void {
    this.socket.close();
  }

  /** Rows that the session's runs are known to have, whether this browser keeps them or not. */
  get totalRows(): number {
    let total = 0n;
    for (const run of this.runs.values()) total += run.rows;
    return Number(total);
  }

  run(index: number): RunState | undefined {
    return this.current.state?.runs[index];
  }

  private subscribe(): void {
    this.batches = 0n;
    this.acked = 0n;
    const cursors = [...this.runs]
      .filter(([, progress]) => progress.seq > 0n)
      .map(([run, progress]) => create(CursorSchema, { run, seq: progress.seq }));
    const message = create(ViewerMessageSchema, { message: { case: "subscribe", value: { cursors } } });
    this.socket.send(toBinary(ViewerMessageSchema, message));
  }

  private received(data: ArrayBuffer | string): void {
    if (typeof data === "string") return;
    try {
      this.apply(new Uint8Array(data));
    } catch (error) {
      this.update({ problem: error instanceof Error ? error.message : String(error) });
    }
  }

  private apply(bytes: Uint8Array): void {
    const { message } = fromBinary(LiveMessageSchema, bytes);
    switch (message.case) {
      case "state":
        return this.applyState(message.value);
      case "rows":
        return this.applyRows([message.value]);
      case "group":
        return this.applyRows(message.value.batches);
      case "skipped":
        return this.applySkipped(message.value);
      case "closing":
        return this.applyClosing(message.value);
      case undefined:
        return;
    }
  }

  private applyState(state: SessionState): void {
    this.states = new Map(state.runs.map((run) => [run.run, run]));
    state.runs.forEach((run, index) => {
      if (!this.runs.has(run.run)) this.runs.set(run.run, { index, seq: 0n, rows: 0n, order: 0 });
      run.schema?.streams.forEach((schema) => this.join(run.run, schema));
    });
    this.update({ state });
    this.flush.ask();
  }

  /** Batches of one message: all of one run, in order of seq. */
  private applyRows(batches: readonly RunRows[]): void {
    this.batches++;
    this.flush.ask();
    const run = this.runs.get(batches[0]?.run ?? "");
    if (run === undefined) throw new Error("Rows came before their schema; reload the page.");
    const fresh = batches.filter(({ seq }) => seq > run.seq);
    for (const batch of fresh) {
      run.seq = batch.seq;
      run.rows = larger(run.rows, batch.firstRow + BigInt(batch.rows));
      for (const part of batch.parts.length > 0 ? batch.parts : [batch]) this.rates.add(run.index, part.wallNs, part.rows);
    }
    for (const number of new Set(fresh.map(({ stream }) => stream))) {
      this.applyStream(
        run,
        fresh.filter(({ stream }) => stream === number),
      );
    }
  }

  private applyStream(run: RunProgress, batches: readonly RunRows[]): void {
    const [first] = batches;
    const schema = this.states.get(first?.run ?? "")?.schema?.streams[first?.stream ?? 0];
    if (schema === undefined) throw new Error("Rows came before their schema; reload the page.");
    const decoded = decodeBodies(schema.arrowSchema, batches);
    const own = concat(batches.map((batch, place) => this.chunkOf(schema, decoded[place] ?? [], batch, run)));
    const { stream, places } = this.join(first?.run ?? "", schema);
    const chunk = { ...own, columns: placed(own.columns, places.get(first?.run ?? "") ?? [], stream.columns, own.rows) };
    stream.rows.add(chunk);
    stream.consumers.forEach((consume) => consume(chunk));
  }

  private chunkOf(schema: StreamSchema, columns: readonly ColumnData[], batch: RunRows, run: RunProgress): Chunk {
    return {
      rows: batch.rows,
      bytes: batch.body.length,
      columns,
      runs: new Uint16Array(batch.rows).fill(run.index),
      order: this.runs.size > 1 ? this.orderOf(schema, columns, batch, run) : null,
    };
  }

  /** Wall-clock ns since the first row seen: exact in a float for the 104 days that 2^53 ns are. */
  private orderOf(schema: StreamSchema, columns: readonly ColumnData[], batch: RunRows, run: RunProgress): Float64Array {
    const state = this.states.get(batch.run);
    const times = columns[schema.columns.findIndex((column) => column.role === Role.TIME)];
    const toWall = (state?.wallNs ?? 0n) - (state?.bootNs ?? 0n);
    this.origin ??= batch.wallNs;
    const shift = toWall - this.origin;
    const order = new Float64Array(batch.rows);
    for (let i = 0; i < batch.rows; i++) {
      const own = times?.kind === "big" ? Number((times.values[i] ?? 0n) + shift) : Number(batch.wallNs - this.origin);
      run.order = Math.max(run.order, own);
      order[i] = run.order;
    }
    return order;
  }

  private applySkipped(skipped: Skipped): void {
    const run = this.runs.get(skipped.run);
    if (run !== undefined) {
      run.seq = larger(run.seq, skipped.lastSeq);
      run.rows += skipped.rows;
    }
    this.update({ skippedRows: this.current.skippedRows + Number(skipped.rows) });
    this.flush.ask();
  }

  private applyClosing(closing: Closing): void {
    this.socket.close();
    this.update({ closing: closing.reason });
  }

  /** The stream that the run's rows belong to. One with more columns than before is a new one with the rows of the old. */
  private join(run: string, schema: StreamSchema): Merging {
    const known = this.merging.get(schema.name);
    if (known?.places.has(run)) return known;
    const { columns, places } = mergeColumns(known?.stream.columns ?? [], schema.columns);
    const all = known?.places ?? new Map<string, readonly number[]>();
    all.set(run, places);
    this.uneven ||= known !== undefined && places.length !== known.stream.columns.length;
    if (known !== undefined && columns.length === known.stream.columns.length) return known;
    const merging = { stream: this.streamWith(schema, columns, all, known?.stream), places: all };
    this.merging.set(schema.name, merging);
    this.update({ streams: [...this.merging.values()].map(({ stream }) => stream) });
    return merging;
  }

  private streamWith(schema: StreamSchema, columns: readonly Column[], places: Merging["places"], before?: StreamRows): StreamRows {
    const { name, title, kind, hits } = schema;
    const rows = new Rows();
    for (const chunk of before?.rows.chunks ?? []) rows.add({ ...chunk, columns: widenedColumns(chunk, columns) });
    const lacks = (run: number, column: number): boolean => {
      if (!this.uneven) return false;
      const id = this.current.state?.runs[run]?.run ?? "";
      return places.get(id)?.includes(column) === false;
    };
    const key = [name, ...columns.map((column) => column.name)].join(" ");
    return { key, name, title, kind, columns, hits, rows, consumers: new Set<(chunk: Chunk) => void>(), lacks };
  }

  private update(change: Partial<SessionSnapshot>): void {
    this.current = { ...this.current, ...change };
    this.stale = true;
    this.flush.ask();
  }

  private flushed(): void {
    if (this.stale) {
      this.stale = false;
      this.listeners.forEach((listener) => listener());
    }
    this.frameListeners.forEach((listener) => listener());
    this.acknowledge();
  }

  private acknowledge(): void {
    if (this.batches === this.acked) return;
    this.acked = this.batches;
    const message = create(ViewerMessageSchema, { message: { case: "seen", value: { messages: this.batches } } });
    this.socket.send(toBinary(ViewerMessageSchema, message));
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
