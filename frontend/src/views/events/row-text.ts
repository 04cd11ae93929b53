import type { GridColumn } from "./columns";
import type { RowRef } from "./transform";

/** A row as it is copied: one JSON object, values as exports write them. */
export function rowText(columns: readonly GridColumn[], { chunk, row }: RowRef): string {
  return JSON.stringify(Object.fromEntries(columns.map((column) => [column.name, column.exact(chunk, row)])));
}
