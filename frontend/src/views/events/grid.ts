import type { Chunk } from "../../stream/chunk";
import type { GridColumn } from "./columns";
import { type Extent, isScaled, lastTop, ROW_HEIGHT, scrollHeight, scrollOfTop, topOfScroll, topToShow, visibleRows } from "./layout";
import { GridPainter } from "./paint";
import type { Matcher } from "./predicate";
import { GridRows, type RowRef } from "./transform";

export interface GridParts {
  readonly scroller: HTMLElement;
  readonly spacer: HTMLElement;
  readonly layer: HTMLElement;
}

export interface GridSource {
  chunks(): readonly Chunk[];
  dropped(): number;
}

/** follow: at the end, and stay there. top: at the first row; the rows have no end to follow. */
export type Start = "follow" | "top" | "stay";

export interface GridStatus {
  readonly following: boolean;
  readonly matching: number;
  readonly pending: number;
  /** The last rows at hand are about to be seen. */
  readonly nearEnd: boolean;
}

/** Screens before the last row that count as near. */
const NEAR_SCREENS = 3;

const SCROLLBAR_EVERY_MS = 150;

/** The grid's own state: where the reader is. Everything is drawn by `frame`, at most once per animation frame. */
export class Grid {
  private rows = new GridRows(null);
  private readonly painter: GridPainter;
  private readonly observer: ResizeObserver;
  private top = 0;
  private viewport = 0;
  private cursor: number | null = null;
  private following = true;
  private followable = true;
  private ownScroll = 0;
  private scrollbarAt = 0;
  private asked = false;
  private last: GridStatus = { following: true, matching: 0, pending: 0, nearEnd: true };

  constructor(
    private readonly parts: GridParts,
    private source: GridSource,
    private readonly onStatus: (status: GridStatus) => void,
    idPrefix: string,
  ) {
    this.painter = new GridPainter(parts.layer, idPrefix);
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(parts.scroller);
    parts.scroller.addEventListener("scroll", this.scrolled, { passive: true });
    parts.scroller.addEventListener("wheel", this.wheeled, { passive: false });
  }

  destroy(): void {
    this.observer.disconnect();
    this.parts.scroller.removeEventListener("scroll", this.scrolled);
    this.parts.scroller.removeEventListener("wheel", this.wheeled);
  }

  setColumns(columns: readonly GridColumn[]): void {
    this.painter.setColumns(columns);
    this.ask();
  }

  setSource(source: GridSource, start: Start): void {
    this.source = source;
    if (start !== "stay") {
      this.followable = this.following = start === "follow";
      this.top = 0;
      this.cursor = null;
    }
    this.ask();
  }

  setMatcher(matcher: Matcher | null): void {
    this.rows = new GridRows(matcher);
    this.cursor = null;
    this.ask();
  }

  /** Draw now, with the rows of now. */
  frame(): void {
    const before = this.rows.first;
    this.rows.update(this.source.chunks(), this.source.dropped());
    if (this.following) this.top = lastTop(this.extent);
    else this.top = Math.max(0, Math.min(this.top - (this.rows.first - before), lastTop(this.extent)));
    this.moveScrollbar();
    this.painter.paint(this.rows, this.top, visibleRows(this.viewport) + 1, this.cursor);
    this.report();
    if (this.rows.pending > 0) this.ask();
  }

  follow(): void {
    this.following = this.followable;
    this.top = lastTop(this.extent);
    this.cursor = null;
    this.ask();
  }

  /** Move the cursor by rows; the first move puts it on the last visible row. */
  move(by: number): void {
    const lastVisible = this.rows.first + Math.floor(this.top) + visibleRows(this.viewport) - 1;
    const from = this.cursor ?? Math.min(lastVisible, this.rows.end - 1) - by;
    this.select(from + by);
  }

  moveToEdge(edge: "first" | "last"): void {
    if (edge === "last") this.follow();
    else this.select(this.rows.first);
  }

  /** A page up or down, with the cursor if there is one. */
  page(direction: 1 | -1): void {
    const rows = direction * (visibleRows(this.viewport) - 1);
    if (this.cursor === null) this.goTo(this.top + rows);
    else this.move(rows);
  }

  select(index: number): void {
    this.cursor = Math.max(this.rows.first, Math.min(index, this.rows.end - 1));
    this.following = false;
    this.top = topToShow(this.extent, this.top, this.cursor - this.rows.first);
    this.ask();
  }

  get selected(): number | null {
    return this.cursor;
  }

  rowAt(index: number): RowRef | null {
    return this.rows.at(index);
  }

  private get extent(): Extent {
    return { rows: this.rows.count, viewport: this.viewport };
  }

  private ask(): void {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.frame();
    });
  }

  private resized(): void {
    this.viewport = this.parts.layer.parentElement?.clientHeight ?? 0;
    this.ask();
  }

  private readonly scrolled = (): void => {
    const scroll = this.parts.scroller.scrollTop;
    if (Math.abs(scroll - this.ownScroll) < 2) return;
    this.ownScroll = scroll;
    this.goTo(topOfScroll(this.extent, scroll));
  };

  private readonly wheeled = (event: WheelEvent): void => {
    if (event.shiftKey || event.deltaY === 0) return;
    if (!isScaled(this.extent) && !this.following) return;
    event.preventDefault();
    this.goTo(this.top + event.deltaY / (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 1 : ROW_HEIGHT));
    this.scrollbarAt = 0;
  };

  private goTo(top: number): void {
    const most = lastTop(this.extent);
    this.top = Math.max(0, Math.min(top, most));
    this.following = this.followable && this.top >= most - 0.5;
    this.ask();
  }

  /** While rows stream by, the scrollbar keeps up a few times a second: each move costs a layout. */
  private moveScrollbar(): void {
    const now = performance.now();
    if (this.following && now - this.scrollbarAt < SCROLLBAR_EVERY_MS) return;
    this.scrollbarAt = now;
    this.parts.spacer.style.height = `${scrollHeight(this.extent) - this.viewport}px`;
    const scroll = scrollOfTop(this.extent, this.top);
    if (Math.abs(this.parts.scroller.scrollTop - scroll) < 1) return;
    this.parts.scroller.scrollTop = scroll;
    this.ownScroll = this.parts.scroller.scrollTop;
  }

  private report(): void {
    const nearEnd = this.rows.count - this.top < NEAR_SCREENS * visibleRows(this.viewport);
    const status: GridStatus = { following: this.following, matching: this.rows.count, pending: this.rows.pending, nearEnd };
    if (Object.entries(status).every(([name, value]) => this.last[name as keyof GridStatus] === value)) return;
    this.last = status;
    this.onStatus(status);
  }
}
