import { Unit } from "../../gen/proto/v1/tool_pb";
import { columnOf, type Dictionary } from "../../stream/chunk";
import type { StreamRows } from "../../stream/session";

/** Names of the columns that say whose container it was. */
export function containerColumns(columns: StreamRows["columns"]): readonly string[] {
  return columns.filter((column) => column.unit === Unit.CONTAINER).map((column) => column.name);
}

/** Does a row that is kept come from a container? Until one does, the column would be empty. */
export function hasContainers(stream: Pick<StreamRows, "columns" | "rows">): boolean {
  return stream.columns.some(
    (column, index) =>
      column.unit === Unit.CONTAINER &&
      stream.rows.chunks.some((chunk) => {
        const data = columnOf(chunk, index);
        return data.kind === "bytes" && hasText(data.dictionary);
      }),
  );
}

function hasText({ offsets }: Dictionary): boolean {
  return (offsets[offsets.length - 1] ?? 0) > (offsets[0] ?? 0);
}
