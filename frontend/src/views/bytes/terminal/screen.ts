import { type IBufferCell, Terminal } from "@xterm/headless/lib-headless/xterm-headless.mjs";
import { HIDDEN } from "../../../format/bytes-text";
import type { Sink } from "./player";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Cells next to each other that look the same. */
export interface Span {
  readonly text: string;
  readonly cells: number;
  readonly color: string;
  readonly background: string;
  readonly marks: string;
}

const MOST: Size = { columns: 500, rows: 300 };

/**
 * The screen that bytes of a traced terminal make. The emulator only fills a table of characters and colours: it has no
 * keyboard, clipboard, links, title or bell, and what it would answer to the program goes nowhere.
 */
export class Screen implements Sink {
  private terminal: Terminal;
  private unparsed = 0;
  cursorShown = true;

  constructor(
    private wanted: Size,
    private readonly onChange: () => void,
  ) {
    this.terminal = this.make();
  }

  get pending(): number {
    return this.unparsed;
  }

  get size(): Size {
    return { columns: this.terminal.cols, rows: this.terminal.rows };
  }

  get cursor(): { readonly x: number; readonly y: number } {
    const { cursorX, cursorY } = this.terminal.buffer.active;
    return { x: Math.min(cursorX, this.terminal.cols - 1), y: cursorY };
  }

  reset(): void {
    this.terminal.dispose();
    this.terminal = this.make();
    this.unparsed = 0;
    this.onChange();
  }

  resize(columns: number, rows: number): void {
    this.wanted = { columns: clamp(columns, 2, MOST.columns), rows: clamp(rows, 1, MOST.rows) };
    const { columns: now, rows: nowRows } = this.size;
    if (now === this.wanted.columns && nowRows === this.wanted.rows) return;
    // Behind what is not parsed yet, so that it still meets the size that it was written for.
    const { terminal, wanted } = this;
    terminal.write("", () => {
      if (terminal === this.terminal) terminal.resize(wanted.columns, wanted.rows);
      this.onChange();
    });
  }

  write(data: Uint8Array): void {
    const { terminal } = this;
    this.unparsed += data.length;
    terminal.write(data, () => {
      if (terminal !== this.terminal) return;
      this.unparsed -= data.length;
      this.onChange();
    });
  }

  dispose(): void {
    this.terminal.dispose();
  }

  line(y: number): Span[] {
    const { active } = this.terminal.buffer;
    const line = active.getLine(active.baseY + y);
    if (line === undefined) return [];
    const spans: Span[] = [];
    const cell = active.getNullCell();
    for (let x = 0; x < this.terminal.cols; x++) {
      const found = line.getCell(x, cell);
      if (found !== undefined && found.getWidth() > 0) add(spans, spanOf(found));
    }
    return spans;
  }

  private make(): Terminal {
    const terminal = new Terminal({
      cols: this.wanted.columns,
      rows: this.wanted.rows,
      scrollback: 0,
      allowProposedApi: true,
      logLevel: "off",
    });
    this.cursorShown = true;
    const shows = (shown: boolean) => (params: (number | number[])[]) => {
      if (params.includes(25)) this.cursorShown = shown;
      return false;
    };
    terminal.parser.registerCsiHandler({ prefix: "?", final: "h" }, shows(true));
    terminal.parser.registerCsiHandler({ prefix: "?", final: "l" }, shows(false));
    return terminal;
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(Math.floor(value), most));
}

const PLAIN = /^[\x20-\x7e]$/;

/** Plain cells join the span before them; others keep to themselves, so that each stays as wide as its cells. */
function add(spans: Span[], span: Span): void {
  const before = spans.at(-1);
  const joins =
    before !== undefined &&
    before.cells === before.text.length &&
    PLAIN.test(span.text) &&
    PLAIN.test(before.text.slice(-1)) &&
    before.color === span.color &&
    before.background === span.background &&
    before.marks === span.marks;
  if (joins) spans[spans.length - 1] = { ...before, text: before.text + span.text, cells: before.cells + 1 };
  else spans.push(span);
}

function spanOf(cell: IBufferCell): Span {
  const raw = cell.getChars();
  const text = raw.replace(HIDDEN, "");
  let color = cell.isFgDefault() ? "" : paint(cell.isFgRGB(), cell.getFgColor(), cell.isBold() !== 0);
  let background = cell.isBgDefault() ? "" : paint(cell.isBgRGB(), cell.getBgColor(), false);
  if (cell.isInverse() !== 0) [color, background] = [background || "var(--terminal-bg)", color || "var(--terminal-fg)"];
  return { text: text === "" ? " " : text, cells: cell.getWidth(), color, background, marks: marksOf(cell, raw !== text) };
}

/** Names for the style sheet. What a program hid is shown, and marked as hidden. */
function marksOf(cell: IBufferCell, hidden: boolean): string {
  const marks: string[] = [];
  if (cell.isBold() !== 0) marks.push("bold");
  if (cell.isDim() !== 0) marks.push("dim");
  if (cell.isItalic() !== 0) marks.push("italic");
  if (cell.isUnderline() !== 0) marks.push("underline");
  if (cell.isStrikethrough() !== 0) marks.push("strike");
  if (hidden || cell.isInvisible() !== 0) marks.push("hidden");
  return marks.join(" ");
}

const LEVELS = [0, 95, 135, 175, 215, 255] as const;

/** A CSS colour from a number that a program chose: nothing but numbers gets through. */
function paint(isRgb: boolean, value: number, bold: boolean): string {
  if (isRgb) return rgb((value >> 16) & 255, (value >> 8) & 255, value & 255);
  if (value < 16) return `var(--ansi-${bold && value < 8 ? value + 8 : value})`;
  if (value >= 232) return rgb(8 + (value - 232) * 10, 8 + (value - 232) * 10, 8 + (value - 232) * 10);
  const cube = value - 16;
  return rgb(LEVELS[Math.floor(cube / 36)] ?? 0, LEVELS[Math.floor(cube / 6) % 6] ?? 0, LEVELS[cube % 6] ?? 0);
}

function rgb(red: number, green: number, blue: number): string {
  return `rgb(${red}, ${green}, ${blue})`;
}
