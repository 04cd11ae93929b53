import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Connection, Socket } from "./socket";

class FakeSocket {
  static readonly OPEN = 1;
  static made: FakeSocket[] = [];
  readyState = 0;
  binaryType = "";
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly sent: unknown[] = [];

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(): void {
    this.drop(1000);
  }

  open(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const newest = (): FakeSocket => FakeSocket.made[FakeSocket.made.length - 1] as FakeSocket;

function connected() {
  const states: Connection["state"][] = [];
  const handlers = {
    onOpen: vi.fn(),
    onMessage: vi.fn(),
    onRefused: vi.fn(),
    onConnection: (connection: Connection) => states.push(connection.state),
  };
  return { socket: new Socket("/ws/fleet", handlers), handlers, states };
}

beforeEach(() => {
  FakeSocket.made = [];
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("window", {
    location: { protocol: "https:", host: "scope.example" },
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("socket", () => {
  it("uses the page's own host, encrypted where the page is", () => {
    connected();
    expect(newest().url).toBe("wss://scope.example/ws/fleet");
  });

  it("comes back by itself and says where to resume each time", () => {
    const { handlers, states } = connected();
    newest().open();
    newest().drop();
    vi.advanceTimersByTime(500);
    newest().open();
    expect(FakeSocket.made).toHaveLength(2);
    expect(handlers.onOpen).toHaveBeenCalledTimes(2);
    expect(states).toEqual(["connecting", "open", "lost", "open"]);
  });

  it("waits longer after each failure in a row", () => {
    connected();
    newest().open();
    for (let attempt = 0; attempt < 6; attempt++) {
      newest().drop();
      vi.advanceTimersByTime(10_000);
    }
    expect(FakeSocket.made).toHaveLength(7);
    newest().drop();
    vi.advanceTimersByTime(4000);
    expect(FakeSocket.made).toHaveLength(7);
  });

  it("does not come back when it is refused or closed", () => {
    const refused = connected();
    newest().open();
    newest().drop(4403);
    expect(refused.handlers.onRefused).toHaveBeenCalledTimes(1);
    const closed = connected();
    newest().open();
    closed.socket.close();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.made).toHaveLength(2);
    expect(closed.states).not.toContain("lost");
  });

  it("sends only while it is open", () => {
    const { socket } = connected();
    socket.send(new Uint8Array(1));
    newest().open();
    socket.send(new Uint8Array(2));
    expect(newest().sent).toEqual([new Uint8Array(2)]);
  });
});
