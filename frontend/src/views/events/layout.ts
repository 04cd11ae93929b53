/** Geometry of the grid: which rows stand where. Positions are in rows, so millions of rows need no tall element. */

export const ROW_HEIGHT = 22;
/** Browsers cap the height of an element; below this all of them are exact. */
const TALLEST = 6_000_000;

export interface Extent {
  readonly rows: number;
  readonly viewport: number;
}

export function visibleRows(viewport: number): number {
  return Math.max(1, Math.floor(viewport / ROW_HEIGHT));
}

/** Height of the scrolled element. */
export function scrollHeight({ rows, viewport }: Extent): number {
  return Math.max(viewport, Math.min(rows * ROW_HEIGHT, TALLEST));
}

/** Largest position: the last row stands at the bottom. */
export function lastTop({ rows, viewport }: Extent): number {
  return Math.max(0, rows - viewport / ROW_HEIGHT);
}

export function topOfScroll(extent: Extent, scroll: number): number {
  const range = scrollHeight(extent) - extent.viewport;
  return range <= 0 ? 0 : (Math.min(scroll, range) / range) * lastTop(extent);
}

export function scrollOfTop(extent: Extent, top: number): number {
  const most = lastTop(extent);
  return most <= 0 ? 0 : (Math.min(top, most) / most) * (scrollHeight(extent) - extent.viewport);
}

/** Scrolling by the element itself would jump over rows: the wheel has to be turned into rows by hand. */
export function isScaled(extent: Extent): boolean {
  return extent.rows * ROW_HEIGHT > TALLEST;
}

/** The position that brings a row into view with the least movement. */
export function topToShow(extent: Extent, top: number, row: number): number {
  const visible = visibleRows(extent.viewport);
  if (row < top) return row;
  return row >= top + visible ? Math.min(lastTop(extent), row + 1 - extent.viewport / ROW_HEIGHT) : top;
}
