import type { Reel, TapeEvent } from "./tape";

/** What the player writes to. */
export interface Sink {
  /** Bytes that were written and not yet taken in. */
  readonly pending: number;
  reset(): void;
  resize(columns: number, rows: number): void;
  write(data: Uint8Array): void;
}

/** end: the newest is on the screen, and whatever arrives goes there too. */
export type Mode = "end" | "playing" | "paused";

/** Bytes handed over before the screen has taken them in. */
const AHEAD = 512 * 1024;
/** With pauses left out, no longer than this passes between two events. */
export const PAUSE_MS = 800;

/** Where a person is on a reel. Time passes by `tick` alone; going back plays everything before again, unseen. */
export class Player {
  mode: Mode = "end";
  speed = 1;
  skipPauses = true;
  private clock = 0;
  private next: number;
  private ticked: number | null = null;

  constructor(
    readonly reel: Reel,
    private readonly sink: Sink,
  ) {
    this.next = reel.dropped;
  }

  /** Wall clock of the tape, in ms. */
  get at(): number {
    return this.mode === "end" ? this.reel.lastAt : this.clock;
  }

  /** Still writing what belongs on the screen by now. */
  get busy(): boolean {
    return this.next < this.target || this.sink.pending > 0;
  }

  play(): void {
    if (this.mode === "playing") return;
    if (this.mode === "end" || this.clock >= this.reel.lastAt) this.seek(this.reel.firstAt - 1);
    this.mode = "playing";
    this.ticked = null;
  }

  pause(): void {
    this.clock = this.at;
    this.mode = "paused";
  }

  /** Jump to a time of the tape. What was playing goes on playing from there. */
  seek(at: number): void {
    if (this.mode === "end") this.mode = "paused";
    this.clock = Math.max(this.reel.firstAt - 1, Math.min(at, this.reel.lastAt));
    if (this.target < this.next) this.rewind();
  }

  follow(): void {
    this.mode = "end";
  }

  /** Lets time pass up to `now`, in ms of any clock, and writes what is due. */
  tick(now: number): void {
    if (this.mode === "playing") this.pass(this.ticked === null ? 0 : (now - this.ticked) * this.speed);
    this.ticked = now;
    this.feed();
  }

  private get target(): number {
    return this.mode === "end" ? this.reel.end : this.reel.indexAfter(this.clock);
  }

  private pass(ms: number): void {
    this.clock += ms;
    const upcoming = this.reel.event(this.reel.indexAfter(this.clock));
    if (upcoming === undefined) this.mode = "end";
    else if (this.skipPauses) this.clock = Math.max(this.clock, upcoming.at - PAUSE_MS * this.speed);
  }

  private rewind(): void {
    this.sink.reset();
    this.next = this.reel.dropped;
  }

  private feed(): void {
    if (this.next < this.reel.dropped) this.rewind();
    const { target } = this;
    while (this.next < target && this.sink.pending < AHEAD) {
      const event = this.reel.event(this.next++);
      if (event !== undefined) this.show(event);
    }
  }

  /** What was typed into a terminal comes back as what it shows, if it is shown at all. */
  private show(event: TapeEvent): void {
    if (event.columns > 0 && event.rows > 0) this.sink.resize(event.columns, event.rows);
    if (event.direction !== "in") this.sink.write(event.data);
  }
}
