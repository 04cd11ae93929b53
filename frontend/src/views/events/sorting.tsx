import { Button } from "@mantine/core";
import { isText } from "../../format/column";
import { count } from "../../format/numbers";
import { type Column, Unit } from "../../gen/proto/v1/tool_pb";
import { IconX } from "../../ui/icons";
import { errorText } from "../../ui/parts";
import classes from "./events.module.css";
import type { Sort, StoredRows } from "./use-stored-rows";

/** The interesting end first, large numbers and the start of the alphabet; then the other end; then as they came. */
export function nextSort(sort: Sort | null, name: string, columns: readonly Column[]): Sort | null {
  const own = columns.find((column) => column.name === name);
  const first = own !== undefined && !isText(own);
  if (sort?.column !== name) return { column: name, descending: first };
  return sort.descending === first ? { column: name, descending: !first } : null;
}

/** In which order, in words: "latency, largest first". */
export function sortText({ column: name, descending }: Sort, columns: readonly Column[]): string {
  const own = columns.find((column) => column.name === name);
  const title = own?.title || name;
  if (own?.unit === Unit.BOOT_TIME) return `${title}, ${descending ? "newest" : "oldest"} first`;
  if (own === undefined || isText(own)) return `${title}, ${descending ? "Z to A" : "A to Z"}`;
  return `${title}, ${descending ? "largest" : "smallest"} first`;
}

interface Props {
  sort: Sort | null;
  sorted: StoredRows;
  columns: readonly Column[];
  clear: () => void;
}

/** What was asked of the store, and how many rows it has given so far. */
export function Sorting({ sort, sorted, columns, clear }: Props) {
  const rows = sorted.chunks === null ? "reading…" : `${sorted.more ? "first" : "all"} ${count(sorted.rows)} rows`;
  return (
    <>
      {sort !== null && (
        <Button variant="light" rightSection={<IconX size={14} />} onClick={clear} title="Back to the order in which they came" data-testid="grid-unsort">
          {sortText(sort, columns)}
        </Button>
      )}
      {sorted.error === null ? (
        <span className={classes.status} role="status" data-testid="grid-sorted">
          {rows}
        </span>
      ) : (
        <span className={classes.problem} role="alert">
          {errorText(sorted.error)}
        </span>
      )}
    </>
  );
}
