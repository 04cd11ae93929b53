import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveMessageSchema, ViewerMessageSchema, type ViewerMessage } from "../gen/proto/v1/live_pb";
import { CType, Kind, Role, Unit } from "../gen/proto/v1/tool_pb";
import { valueAt } from "./chunk";
import { SessionStream } from "./session";
import type { SocketHandlers } from "./socket";
import { openBatch, type Wire } from "./testing";

const BOOT = 1_000_000_000_000n;
const WALL = 1_795_345_678_000_000_000n;

/** A server that answers what the test tells it to. */
class FakeLine {
  handlers: SocketHandlers | null = null;
  readonly sent: ViewerMessage[] = [];

  readonly open = (_path: string, handlers: SocketHandlers) => {
    this.handlers = handlers;
    return { send: (data: Uint8Array) => void this.sent.push(fromBinary(ViewerMessageSchema, data)), close: () => undefined };
  };

  tell(message: MessageInitShape<typeof LiveMessageSchema>["message"]): void {
    const bytes = toBinary(LiveMessageSchema, create(LiveMessageSchema, { message: message as never }));
    this.handlers?.onMessage(bytes.slice().buffer);
  }
}

const COLUMNS = [
  { name: "time", type: CType.CTYPE_S64, unit: Unit.BOOT_TIME, role: Role.TIME },
  { name: "pid", type: CType.CTYPE_U32, unit: Unit.PID, role: Role.KEY },
  { name: "comm", type: CType.CTYPE_CHAR, unit: Unit.COMM, role: Role.KEY },
  { name: "path", type: CType.CTYPE_STRING, unit: Unit.FILE_PATH, role: Role.TEXT },
];

function state(runs: readonly string[], schema: Uint8Array) {
  const streams = [{ name: "events", kind: Kind.EVENTS, title: "Opens", columns: COLUMNS, arrowSchema: schema }];
  return {
    case: "state" as const,
    value: {
      session: "s",
      state: "running",
      runs: runs.map((run) => ({
        run,
        host: `host-${run}`,
        state: "attached",
        schema: { tool: "opensnoop", streams },
        bootNs: BOOT,
        wallNs: WALL,
      })),
    },
  };
}

function batch(seq: number, first: number, times: readonly number[], run = "a"): { wire: Wire; message: { case: "rows"; value: object } } {
  const wire = openBatch(times.map((time, i) => ({ time: BOOT + BigInt(time), pid: first + i, comm: "make", path: `/p/${first + i}` })));
  const value = {
    run,
    seq: BigInt(seq),
    stream: 0,
    rows: times.length,
    firstRow: BigInt(first),
    body: wire.body,
    bootNs: BOOT + 1n,
    wallNs: WALL + 1n,
  };
  return { wire, message: { case: "rows", value } };
}

function pids(stream: SessionStream): unknown[] {
  const rows = stream.snapshot().streams[0]?.rows;
  return (rows?.chunks ?? []).flatMap((chunk) => Array.from({ length: chunk.rows }, (_, row) => valueAt(chunk.columns[1] as never, row)));
}

const first = batch(1, 0, [1, 2]);
const second = batch(2, 2, [3]);
const third = batch(3, 3, [4, 5]);
let frames: (() => void)[] = [];

beforeEach(() => {
  frames = [];
  vi.useFakeTimers();
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function frame(): void {
  frames.splice(0).forEach((run) => run());
}

function opened(): { line: FakeLine; stream: SessionStream } {
  const line = new FakeLine();
  const stream = new SessionStream("s", line.open);
  line.handlers?.onOpen();
  line.tell(state(["a"], first.wire.schema));
  return { line, stream };
}

describe("a session's stream", () => {
  it("takes in what was stored already as one message, each batch once", () => {
    const { line, stream } = opened();
    const batches = [first, second, third].map(({ message }) => message.value);
    line.tell(first.message);
    line.tell({ case: "group", value: { batches } } as never);
    expect(pids(stream)).toEqual([0, 1, 2, 3, 4]);
    expect(stream.totalRows).toBe(5);
    frame();
    const seen = line.sent.at(-1)?.message;
    expect(seen?.case === "seen" && seen.value.messages).toBe(2n);
  });

  it("draws over time what was put together of several batches where each of them came", () => {
    const { line, stream } = opened();
    const second = WALL / 1_000_000_000n;
    const parts = [
      { rows: 1, wallNs: WALL },
      { rows: 2, wallNs: WALL + 5_000_000_000n },
    ];
    line.tell({ case: "group", value: { batches: [{ ...batch(3, 0, [1, 2, 3]).message.value, parts }] } } as never);
    expect([0, 5].map((after) => stream.rates.total(Number(second) + after))).toEqual([1, 2]);
    expect(stream.totalRows).toBe(3);
  });

  it("subscribes from the beginning and acknowledges what was drawn, once a frame", () => {
    const { line, stream } = opened();
    line.tell(first.message);
    line.tell(second.message);
    expect(line.sent.map((message) => message.message.case)).toEqual(["subscribe"]);
    const drawn = vi.fn();
    stream.onFrame(drawn);
    frame();
    expect(drawn).toHaveBeenCalledTimes(1);
    expect(line.sent[1]?.message).toMatchObject({ case: "seen", value: { messages: 2n } });
  });

  it("resumes after the last batch and takes nothing twice", () => {
    const { line, stream } = opened();
    line.tell(first.message);
    line.tell(second.message);
    line.handlers?.onOpen();
    expect(line.sent[line.sent.length - 1]?.message).toMatchObject({ case: "subscribe", value: { cursors: [{ run: "a", seq: 2n }] } });
    line.tell(second.message);
    line.tell(third.message);
    expect(pids(stream)).toEqual([0, 1, 2, 3, 4]);
    expect(stream.totalRows).toBe(5);
  });

  it("ends with the same rows live and by reading up", () => {
    const live = opened();
    [first, second, third].forEach(({ message }) => live.line.tell(message));
    const late = opened();
    [first, second, third].forEach(({ message }) => late.line.tell({ case: "rows", value: { ...message.value, backfill: true } }));
    expect(pids(late.stream)).toEqual(pids(live.stream));
  });

  it("counts what was skipped and goes on behind it", () => {
    const { line, stream } = opened();
    line.tell(first.message);
    line.tell({ case: "skipped", value: { run: "a", firstSeq: 2n, lastSeq: 2n, rows: 1n } });
    line.tell(third.message);
    frame();
    expect(stream.snapshot().skippedRows).toBe(1);
    expect(stream.totalRows).toBe(5);
    expect(pids(stream)).toEqual([0, 1, 3, 4]);
  });

  it("merges hosts by time", () => {
    const line = new FakeLine();
    const stream = new SessionStream("s", line.open);
    line.tell(state(["a", "b"], first.wire.schema));
    line.tell(batch(1, 0, [10, 30]).message);
    line.tell(batch(1, 100, [20, 40], "b").message);
    expect(pids(stream)).toEqual([0, 100, 1, 101]);
  });

  it("hands every batch to a view that joined later only once", () => {
    const { line, stream } = opened();
    line.tell(first.message);
    const rows: number[] = [];
    stream.snapshot().streams[0]?.consumers.add((chunk) => rows.push(chunk.rows));
    line.tell(second.message);
    expect(rows).toEqual([1]);
  });

  it("tells what went wrong with a message instead of dying of it", () => {
    const { line, stream } = opened();
    line.tell({ case: "rows", value: { ...first.message.value, run: "unknown" } });
    expect(stream.snapshot().problem).toContain("Rows came before their schema");
  });

  it("says why the server closed it", () => {
    const { line, stream } = opened();
    line.tell({ case: "closing", value: { reason: "signed out" } });
    expect(stream.snapshot().closing).toBe("signed out");
  });
});
