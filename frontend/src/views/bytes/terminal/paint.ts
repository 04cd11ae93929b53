import type { Screen, Span } from "./screen";

/** Draws a screen as rows of spans: text nodes, and styles set one by one. Only rows that changed are touched. */
export class ScreenPainter {
  private rows: { readonly element: HTMLElement; drawn: string }[] = [];

  constructor(
    private readonly layer: HTMLElement,
    private readonly cursor: HTMLElement,
  ) {}

  paint(screen: Screen): void {
    this.fit(screen.size.rows);
    this.rows.forEach((row, y) => {
      const spans = screen.line(y);
      const wanted = JSON.stringify(spans);
      if (row.drawn === wanted) return;
      row.drawn = wanted;
      row.element.replaceChildren(...spans.map(elementOf));
    });
    const { x, y } = screen.cursor;
    this.cursor.hidden = !screen.cursorShown;
    this.cursor.style.transform = `translate(${x}ch, ${y}lh)`;
  }

  private fit(rows: number): void {
    while (this.rows.length > rows) this.rows.pop()?.element.remove();
    while (this.rows.length < rows) {
      const element = document.createElement("div");
      element.dataset.testid = "terminal-row";
      this.layer.append(element);
      this.rows.push({ element, drawn: "" });
    }
  }
}

function elementOf(span: Span): HTMLElement {
  const element = document.createElement("span");
  element.append(document.createTextNode(span.text));
  if (span.color !== "") element.style.color = span.color;
  if (span.background !== "") element.style.background = span.background;
  if (span.marks !== "") element.dataset.marks = span.marks;
  // A glyph from another font must not push the cells behind it out of their columns.
  if (span.cells !== span.text.length || span.text.charCodeAt(0) > 0x7e) {
    element.dataset.wide = "";
    element.style.width = `${span.cells}ch`;
  }
  return element;
}
