import { useCallback, useState } from "react";
import { compact, count, log2Slot, nanoseconds } from "../../format/numbers";
import parts from "../../ui/parts.module.css";
import { useConsumer } from "../consume";
import { NoRows } from "../no-rows";
import { StoredCut, StoredProblem } from "../stored-problem";
import type { ViewProps } from "../view-props";
import { HeatChart } from "./heat-chart";
import classes from "./histogram.module.css";
import { type Histogram, Histograms, percentileSlot, sum, usedSlots } from "./transform";
import { useStoredHistogram } from "./use-stored-histogram";

const ALL = "all";

/** Log2 bars of one key or all, and how they moved over time. */
export function HistogramView(props: ViewProps) {
  const { session, stream, range } = props;
  const make = useCallback(() => new Histograms(stream.columns, stream.hits, (run) => session.run(run)), [session, stream]);
  const histograms = useConsumer({ session, stream }, make);
  const [key, setKey] = useState(ALL);
  const stored = useStoredHistogram(props, key);
  if (histograms === null) return null;
  const list = stored.list ?? (range === null ? histograms.list() : []);
  const total = sum(list);
  const chosen = list.some((histogram) => histogram.key === key);
  const shown = stored.shown ?? list.find((histogram) => histogram.key === key) ?? total;
  return (
    <div className={classes.view} data-testid="view-histogram" data-road={stored.list === null ? "live" : "store"}>
      <div className={classes.keys} role="group" aria-label="Keys">
        <KeyButton name="all" events={total.events} chosen={!chosen} choose={() => setKey(ALL)} />
        {list.map((histogram) => (
          <KeyButton
            key={histogram.key}
            name={histogram.label}
            events={histogram.events}
            chosen={histogram.key === key}
            choose={() => setKey(histogram.key)}
          />
        ))}
      </div>
      <div className={classes.body} tabIndex={0}>
        <StoredProblem error={stored.error} />
        <StoredCut cut={stored.cut} of="bars of all keys" />
        {shown.events === 0 ? (
          <NoRows session={session} range={range} waiting="The first interval has not ended." />
        ) : (
          <Distribution histogram={shown} />
        )}
      </div>
    </div>
  );
}

function KeyButton({ name, events, chosen, choose }: { name: string; events: number; chosen: boolean; choose: () => void }) {
  return (
    <button type="button" className={classes.key} aria-pressed={chosen} onClick={choose} title={name} data-testid="histogram-key">
      <span>{name}</span>
      <span>{compact(events)}</span>
    </button>
  );
}

function Distribution({ histogram }: { histogram: Histogram }) {
  const used = usedSlots(histogram.counts);
  if (used === null) return null;
  const slots = Array.from({ length: used.last - used.first + 1 }, (_, i) => used.first + i);
  const highest = Math.max(...histogram.counts);
  return (
    <>
      <div className={classes.figures}>
        <Figure name="events" value={count(histogram.events)} />
        {([0.5, 0.9, 0.99] as const).map((share) => (
          <Figure key={share} name={`p${share * 100}`} value={log2Slot(percentileSlot(histogram.counts, share), nanoseconds)} />
        ))}
      </div>
      <table className={classes.bars}>
        <tbody>
          {slots.map((slot) => (
            <tr key={slot} data-testid="slot-row" data-slot={slot} data-count={histogram.counts[slot]}>
              <td className={classes.range}>{log2Slot(slot, nanoseconds)}</td>
              <td className={classes.count}>{count(histogram.counts[slot] ?? 0)}</td>
              <td>
                <div className={classes.bar} style={{ width: `${((histogram.counts[slot] ?? 0) / highest) * 100}%` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div>
        <h2 className={parts.label}>Over time</h2>
        <HeatChart histogram={histogram} slots={used} />
      </div>
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <span className={classes.figure}>
      <span>{name}</span>
      <span>{value}</span>
    </span>
  );
}
