import { backoff } from "./backoff";

export type Connection =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  | { readonly state: "lost"; readonly since: number; readonly retryAt: number };

export interface SocketHandlers {
  /** Called on every (re)connect, before anything is received: say where to resume. */
  onOpen(): void;
  onMessage(data: ArrayBuffer | string): void;
  onConnection(connection: Connection): void;
  /** The server wants no connection from this person: trying again would not help. */
  onRefused(): void;
}

/** Close code by which the server says so. */
const REFUSED = 4403;

/** A WebSocket that comes back by itself until it is closed. The only file that knows WebSocket. */
export class Socket {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private attempt = 0;
  private lostSince = 0;
  private closed = false;
  private readonly retryNow = (): void => this.reconnect(0);

  constructor(
    private readonly path: string,
    private readonly handlers: SocketHandlers,
  ) {
    window.addEventListener("online", this.retryNow);
    this.connect();
  }

  send(data: Uint8Array): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(data);
  }

  close(): void {
    this.closed = true;
    window.removeEventListener("online", this.retryNow);
    if (this.timer !== null) clearTimeout(this.timer);
    this.socket?.close();
  }

  private connect(): void {
    const socket = new WebSocket(address(this.path));
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    if (this.attempt === 0) this.handlers.onConnection({ state: "connecting" });
    socket.onopen = () => this.opened();
    socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
      if (this.socket === socket) this.handlers.onMessage(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      if (event.code === REFUSED) this.refused();
      else this.lost();
    };
  }

  private opened(): void {
    this.attempt = 0;
    this.lostSince = 0;
    this.handlers.onConnection({ state: "open" });
    this.handlers.onOpen();
  }

  private refused(): void {
    if (this.closed) return;
    this.close();
    this.handlers.onRefused();
  }

  private lost(): void {
    if (this.closed) return;
    if (this.lostSince === 0) this.lostSince = Date.now();
    this.reconnect(backoff(this.attempt++));
  }

  private reconnect(wait: number): void {
    if (this.closed || this.socket?.readyState === WebSocket.OPEN) return;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.lostSince !== 0) {
      this.handlers.onConnection({ state: "lost", since: this.lostSince, retryAt: Date.now() + wait });
    }
    this.timer = setTimeout(() => this.connect(), wait);
  }
}

function address(path: string): string {
  const scheme = window.location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${window.location.host}${path}`;
}
