import type { GridColumn } from "./columns";
import { ROW_HEIGHT } from "./layout";
import type { GridRows } from "./transform";

interface PooledRow {
  readonly element: HTMLElement;
  readonly cells: readonly { readonly element: HTMLElement; readonly text: Text; failed: boolean }[];
  index: number;
}

/** Draws the visible rows into a fixed pool of elements: only text nodes change while rows stream by. */
export class GridPainter {
  private pool: PooledRow[] = [];
  private columns: readonly GridColumn[] = [];

  constructor(
    private readonly layer: HTMLElement,
    private readonly idPrefix: string,
  ) {}

  setColumns(columns: readonly GridColumn[]): void {
    this.columns = columns;
    this.layer.replaceChildren();
    this.pool = [];
  }

  paint(rows: GridRows, top: number, visible: number, cursor: number | null): void {
    const firstRow = Math.floor(top);
    this.resize(visible);
    this.layer.style.transform = `translateY(${-(top - firstRow) * ROW_HEIGHT}px)`;
    this.pool.forEach((pooled, place) => this.paintRow(pooled, rows, rows.first + firstRow + place, cursor));
  }

  private paintRow(pooled: PooledRow, rows: GridRows, index: number, cursor: number | null): void {
    const ref = rows.at(index);
    const { element } = pooled;
    element.hidden = ref === null;
    if (ref === null) return;
    if (pooled.index !== index) {
      pooled.index = index;
      element.dataset.row = String(index);
      element.id = `${this.idPrefix}${index}`;
      element.setAttribute("aria-rowindex", String(index + 2));
      element.toggleAttribute("data-odd", index % 2 === 1);
    }
    element.toggleAttribute("data-cursor", cursor === index);
    this.columns.forEach((column, place) => {
      const cell = pooled.cells[place];
      if (cell === undefined) return;
      const text = column.text(ref.chunk, ref.row);
      if (cell.text.data !== text) cell.text.data = text;
      const failed = column.failed(ref.chunk, ref.row);
      if (cell.failed !== failed) {
        cell.failed = failed;
        cell.element.toggleAttribute("data-failed", failed);
      }
    });
  }

  private resize(visible: number): void {
    while (this.pool.length > visible) this.pool.pop()?.element.remove();
    while (this.pool.length < visible) this.pool.push(this.makeRow(this.pool.length));
  }

  private makeRow(place: number): PooledRow {
    const element = document.createElement("div");
    element.setAttribute("role", "row");
    element.dataset.testid = "grid-row";
    element.style.top = `${place * ROW_HEIGHT}px`;
    const cells = this.columns.map((column) => {
      const cell = document.createElement("div");
      cell.setAttribute("role", "gridcell");
      cell.dataset.col = column.name;
      if (column.right) cell.dataset.right = "";
      const text = document.createTextNode("");
      cell.append(text);
      element.append(cell);
      return { element: cell, text, failed: false };
    });
    this.layer.append(element);
    return { element, cells, index: -1 };
  }
}
