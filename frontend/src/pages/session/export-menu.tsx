import { Button, Menu } from "@mantine/core";
import { type Conditions, exportAddress, type ExportFormat, type Session } from "../../api/tracing";
import { Kind } from "../../gen/proto/v1/tool_pb";
import type { SessionSnapshot, StreamRows } from "../../stream/session";
import { IconDownload } from "../../ui/icons";

const FORMATS: readonly (readonly [ExportFormat, string])[] = [
  ["ndjson", "NDJSON"],
  ["csv", "CSV"],
  ["parquet", "Parquet"],
  ["arrow", "Arrow"],
];

function formatsOf(kind: Kind): typeof FORMATS {
  switch (kind) {
    case Kind.STACKS:
      return [...FORMATS, ["folded", "Folded stacks"]];
    case Kind.BYTES:
      return [...FORMATS, ["raw", "Raw bytes"]];
    default:
      return FORMATS;
  }
}

interface Props {
  session: Session;
  snapshot: SessionSnapshot;
  /** Of a stream that is shown in part: which of its rows. */
  whereOf: (stream: StreamRows) => Conditions | null;
}

/** Every stream in every format; of one that is shown in part, also just that part. */
export function ExportMenu({ session, snapshot, whereOf }: Props) {
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={14} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {snapshot.streams.length === 0 && <Menu.Label>Nothing to export yet</Menu.Label>}
        {snapshot.streams.map((stream) => {
          const where = whereOf(stream);
          const title = stream.title || stream.name;
          return (
            <div key={stream.key}>
              {where !== null && <Formats session={session} stream={stream} title={`${title}: the rows that are shown`} where={where} />}
              <Formats session={session} stream={stream} title={where === null ? title : `${title}: all rows`} where={null} />
            </div>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

function Formats({ session, stream, title, where }: { session: Session; stream: StreamRows; title: string; where: Conditions | null }) {
  return (
    <>
      <Menu.Label>{title}</Menu.Label>
      {formatsOf(stream.kind).map(([format, name]) => (
        <Menu.Item
          key={format}
          component="a"
          href={exportAddress(session.id, format, stream.name, where ?? undefined)}
          download
          data-testid={`export-${where === null ? "all" : "shown"}-${format}`}
        >
          {name}
        </Menu.Item>
      ))}
    </>
  );
}
