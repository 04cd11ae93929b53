import { useState } from "react";
import { Kind } from "../../gen/proto/v1/tool_pb";
import type { SessionStream, StreamRows } from "../../stream/session";
import { EventsView } from "../../views/events/events-view";
import { HistogramView } from "../../views/histogram/histogram-view";
import { StacksView } from "../../views/stacks/stacks-view";
import { TopView } from "../../views/top/top-view";
import type { ViewProps } from "../../views/view-props";
import classes from "./session.module.css";

interface Tab {
  readonly key: string;
  readonly name: string;
  readonly stream: StreamRows;
  readonly view: (props: ViewProps) => React.ReactNode;
}

/** One tab a stream for the view of its kind, and one for its plain rows. */
export function StreamViews({ session, streams }: { session: SessionStream; streams: readonly StreamRows[] }) {
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
      <div className={classes.view} role="tabpanel">
        <View key={tab.key} session={session} stream={tab.stream} />
      </div>
    </div>
  );
}

function tabsOf(stream: StreamRows): Tab[] {
  const title = stream.title || stream.name;
  const rows: Tab = { key: `${stream.key} rows`, name: `${title}: rows`, stream, view: EventsView };
  const view = viewOf(stream.kind);
  return view === EventsView ? [{ ...rows, name: title }] : [{ key: stream.key, name: title, stream, view }, rows];
}

function viewOf(kind: Kind): (props: ViewProps) => React.ReactNode {
  switch (kind) {
    case Kind.TOP:
    case Kind.COUNTERS:
      return TopView;
    case Kind.HISTOGRAM:
      return HistogramView;
    case Kind.STACKS:
      return StacksView;
    case Kind.EVENTS:
    case Kind.BYTES:
    case Kind.UNSPECIFIED:
      return EventsView;
  }
}
