import { Button } from "@mantine/core";
import { type ComponentType, lazy, Suspense, useState } from "react";
import { clockSeconds } from "../../format/clock";
import { Kind } from "../../gen/proto/v1/tool_pb";
import type { TimeRange } from "../../stream/range";
import type { SessionStream, StreamRows } from "../../stream/session";
import { IconX } from "../../ui/icons";
import { type Likeness, likenessOf } from "../../views/bytes/columns";
import { MessagesView } from "../../views/bytes/messages/messages-view";
import { CountersView } from "../../views/counters/counters-view";
import { EventsView } from "../../views/events/events-view";
import { HistogramView } from "../../views/histogram/histogram-view";
import { StacksView } from "../../views/stacks/stacks-view";
import { TopView } from "../../views/top/top-view";
import type { Shown, ViewProps } from "../../views/view-props";
import { Loading } from "../../ui/parts";
import classes from "./session.module.css";

// It brings a terminal emulator, which no other view needs.
const TerminalView = lazy(async () => ({ default: (await import("../../views/bytes/terminal/terminal-view")).TerminalView }));

/** Views that replay what was said from its beginning. */
const WHOLE: ReadonlySet<ComponentType<ViewProps>> = new Set<ComponentType<ViewProps>>([TerminalView, MessagesView]);

interface Tab {
  readonly key: string;
  readonly name: string;
  readonly stream: StreamRows;
  readonly view: ComponentType<ViewProps>;
}

interface Props {
  session: SessionStream;
  streams: readonly StreamRows[];
  range: TimeRange | null;
  mark: (range: TimeRange | null) => void;
  showing: (shown: Shown) => void;
}

/** One tab a stream for the view of its kind, and one for its plain rows. */
export function StreamViews({ session, streams, range, mark, showing }: Props) {
  const tabs = streams.flatMap((stream) => tabsOf(stream));
  const [chosen, choose] = useState<string | null>(null);
  const tab = tabs.find((candidate) => candidate.key === chosen) ?? tabs[0];
  if (tab === undefined) return null;
  const View = tab.view;
  return (
    <div className={classes.page}>
      {tabs.length > 1 && (
        <div className={classes.tabs} role="tablist">
          {tabs.map(({ key, name }) => (
            <button key={key} type="button" role="tab" className={classes.tab} aria-selected={key === tab.key} onClick={() => choose(key)}>
              {name}
            </button>
          ))}
        </div>
      )}
      {range !== null && <Marked range={range} whole={WHOLE.has(tab.view)} clear={() => mark(null)} />}
      <div className={classes.view} role="tabpanel">
        <Suspense fallback={<Loading />}>
          <View key={tab.key} session={session} stream={tab.stream} range={range} showing={showing} />
        </Suspense>
      </div>
    </div>
  );
}

/** The time that is marked on the timeline. `whole`: this view shows all of the session nevertheless. */
function Marked({ range, whole, clear }: { range: TimeRange; whole: boolean; clear: () => void }) {
  return (
    <div className={classes.marked} role="status" data-testid="marked-time">
      <span>
        {clockSeconds(range.from)} to {clockSeconds(range.to)}
        {whole && "; this view shows the whole session"}
      </span>
      <Button variant="light" size="compact-xs" rightSection={<IconX size={12} />} onClick={clear} data-testid="marked-clear">
        All of the time
      </Button>
    </div>
  );
}

function tabsOf(stream: StreamRows): Tab[] {
  const title = stream.title || stream.name;
  const views = viewsOf(stream).map(([name, view], place) => ({ key: `${stream.key} ${place}`, name, stream, view }));
  const rows: Tab = { key: `${stream.key} rows`, name: "rows", stream, view: EventsView };
  if (views.length === 0) return [{ ...rows, name: title }];
  return [...views, rows].map((tab) => ({ ...tab, name: tab.name === "" ? title : `${title}: ${tab.name}` }));
}

type NamedView = readonly [name: string, view: ComponentType<ViewProps>];

/** The views that a stream has besides its plain rows, the best one first. */
function viewsOf({ kind, columns }: StreamRows): readonly NamedView[] {
  switch (kind) {
    case Kind.TOP:
      return [["", TopView]];
    case Kind.COUNTERS:
      return [["", CountersView]];
    case Kind.HISTOGRAM:
      return [["", HistogramView]];
    case Kind.STACKS:
      return [["", StacksView]];
    case Kind.BYTES:
      return bytesViews(likenessOf(columns));
    case Kind.EVENTS:
    case Kind.UNSPECIFIED:
      return [];
  }
}

function bytesViews(likeness: Likeness): readonly NamedView[] {
  switch (likeness) {
    case "terminal":
      return [
        ["", TerminalView],
        ["bytes", MessagesView],
      ];
    case "conversation":
    case "bytes":
      return [["", MessagesView]];
  }
}
