import { ScreenPainter } from "./paint";
import { type Mode, Player } from "./player";
import { Screen, type Size } from "./screen";
import type { Reel } from "./tape";

export interface DeckStatus {
  readonly mode: Mode;
  readonly at: number;
  readonly busy: boolean;
  readonly size: Size;
}

/** A reel being played on a screen: moves with the browser's frames, and only while something moves. */
export class Deck {
  readonly player: Player;
  private readonly screen: Screen;
  private readonly painter: ScreenPainter;
  private frame = 0;

  constructor(
    reel: Reel,
    size: Size,
    layer: HTMLElement,
    cursor: HTMLElement,
    private readonly onStatus: (status: DeckStatus) => void,
  ) {
    this.painter = new ScreenPainter(layer, cursor);
    this.screen = new Screen(size, () => this.ask());
    this.player = new Player(reel, this.screen);
    this.ask();
  }

  /** Something changed: new events, another mode, another place. */
  ask(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.draw(now));
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.frame = -1;
    this.screen.dispose();
  }

  private draw(now: number): void {
    this.frame = 0;
    const { player } = this;
    player.tick(now);
    this.painter.paint(this.screen);
    this.onStatus({ mode: player.mode, at: player.at, busy: player.busy, size: this.screen.size });
    if (player.mode === "playing" || player.busy) this.ask();
  }
}
