import { Drawer } from "@mantine/core";
import { CopyButton, Facts } from "../../ui/parts";
import type { GridColumn } from "./columns";
import classes from "./events.module.css";
import { rowText } from "./row-text";
import type { RowRef } from "./transform";

export function RowDetail({ row, columns, close }: { row: RowRef | null; columns: readonly GridColumn[]; close: () => void }) {
  return (
    <Drawer opened={row !== null} onClose={close} position="right" size="md" title="Row">
      {row !== null && (
        <>
          <Facts facts={columns.map((column) => [column.title, <Value key={column.name} column={column} row={row} />] as const)} />
          <CopyButton text={rowText(columns, row)} label="Copy the row as JSON" />
        </>
      )}
    </Drawer>
  );
}

function Value({ column, row }: { column: GridColumn; row: RowRef }) {
  const text = column.text(row.chunk, row.row);
  const exact = column.exact(row.chunk, row.row);
  return (
    <span className={classes.value}>
      {text}
      {exact !== text && <span style={{ color: "var(--ink-3)" }}> {exact}</span>}
    </span>
  );
}
