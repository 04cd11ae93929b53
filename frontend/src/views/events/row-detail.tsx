import { Button, Drawer } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { Facts } from "../../ui/parts";
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
          <CopyRow text={rowText(columns, row)} />
        </>
      )}
    </Drawer>
  );
}

function CopyRow({ text }: { text: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <Button variant="default" mt="md" onClick={() => clipboard.copy(text)}>
      {clipboard.copied ? "Copied" : "Copy as JSON"}
    </Button>
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
