const HIDDEN_TAB_MS = 250;

/** Calls `flush` at most once per animation frame, and four times a second while the tab is hidden and has no frames. */
export class FrameFlush {
  private asked = false;

  constructor(private readonly flush: () => void) {}

  ask(): void {
    if (this.asked) return;
    this.asked = true;
    if (document.hidden) setTimeout(this.run, HIDDEN_TAB_MS);
    else this.nextFrame();
  }

  /** A frame that was asked for just before the tab went away never comes; the timer does. */
  private nextFrame(): void {
    requestAnimationFrame(this.run);
    setTimeout(this.run, HIDDEN_TAB_MS);
  }

  private readonly run = (): void => {
    if (!this.asked) return;
    this.asked = false;
    this.flush();
  };
}
