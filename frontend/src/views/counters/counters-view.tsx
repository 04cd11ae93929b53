import { type KeyboardEvent, useCallback, useState } from "react";
import { clockSeconds } from "../../format/clock";
import { formatValue } from "../../format/column";
import { type Column, Unit } from "../../gen/proto/v1/tool_pb";
import { SERIES, seriesToken } from "../../ui/canvas";
import { Loading } from "../../ui/parts";
import { useConsumer } from "../consume";
import { NoRows } from "../no-rows";
import { StoredCut, StoredProblem } from "../stored-problem";
import view from "../view.module.css";
import type { ViewProps } from "../view-props";
import { CounterChart } from "./counter-chart";
import classes from "./counters.module.css";
import { frameOf } from "./layout";
import type { Line } from "./paint";
import { CounterSeries, pointAt, type Series, stepOf } from "./transform";
import { useStoredCounters } from "./use-stored-counters";

/** Every measure over time, one chart each, with one cursor through all of them. */
export function CountersView(props: ViewProps) {
  const { session, stream, range } = props;
  const make = useCallback(() => new CounterSeries(stream.columns, stream.hits, (run) => session.run(run)), [session, stream]);
  const live = useConsumer({ session, stream }, make);
  const stored = useStoredCounters(props);
  const [cursor, setCursor] = useState<number | null>(null);
  const [off, setOff] = useState<ReadonlySet<string>>(new Set());
  const counters = stored.counters ?? (range === null ? live : null);
  if (counters === null) return stored.error === null ? <Loading /> : <StoredProblem error={stored.error} />;
  const list = counters.list;
  if (list.length === 0) return <NoRows session={session} range={range} waiting="The first interval has not ended." />;
  const step = stepOf(list);
  const { from, to } = frameOf(list, 0, null);
  const lines = list.slice(0, SERIES).map((series, color) => ({ series, color }));
  const shown = lines.filter(({ series }) => !off.has(series.key));
  const runs = session.snapshot().state?.runs ?? [];
  const nameOf = ({ label, run }: Series): string => [label, runs.length > 1 || label === "" ? runs[run]?.host : ""].filter(Boolean).join(" on ");
  const toggle = (key: string): void => {
    const next = new Set(off);
    if (!next.delete(key)) next.add(key);
    setOff(next);
  };
  const onKey = (event: KeyboardEvent): void => {
    const moved = movedBy(event.key, cursor ?? to, step, from, to);
    if (moved === undefined) return;
    event.preventDefault();
    setCursor(moved);
  };
  const at = cursor ?? to;
  return (
    <div className={view.view} data-testid="view-counters" data-road={stored.counters === null ? "live" : "store"}>
      <div className={view.tools}>
        {lines.length > 1 &&
          lines.map((line) => (
            <LegendButton key={line.series.key} line={line} name={nameOf(line.series)} off={off.has(line.series.key)} toggle={toggle} />
          ))}
        {list.length > SERIES && <span>first {SERIES} of {list.length}; the rows have all</span>}
        <StoredProblem error={stored.error} />
        {stored.step > 0 && <span data-testid="counters-step">the highest of each {stored.step} s</span>}
        <StoredCut cut={stored.cut} of="points" which="first" />
        <span className={view.status} data-testid="counters-moment">
          {clockSeconds(Math.floor(at / 1000))}
          {cursor === null ? ", newest" : ""}
        </span>
      </div>
      <div
        className={classes.charts}
        tabIndex={0}
        role="group"
        aria-label="Charts; the arrow keys move through time"
        onKeyDown={onKey}
        onMouseLeave={() => setCursor(null)}
      >
        {counters.measures.map(({ place, column }) => (
          <section key={column.name} className={classes.chart} data-testid="counter-chart" data-measure={column.name}>
            <h2 title={column.help}>{column.title || column.name}</h2>
            <Values column={column} place={place} lines={shown} at={at} step={step} nameOf={nameOf} />
            <CounterChart
              label={`${column.title || column.name} over time`}
              lines={shown}
              frame={{ ...frameOf(shown.map(({ series }) => series), place, column.unit === Unit.PERCENT ? 100 : null), from, to }}
              place={place}
              step={step}
              cursor={cursor}
              moveTo={setCursor}
              text={(value) => formatValue(column, column.unit === Unit.PERCENT ? value : Math.round(value))}
            />
          </section>
        ))}
      </div>
    </div>
  );
}

function movedBy(key: string, at: number, step: number, from: number, to: number): number | null | undefined {
  switch (key) {
    case "ArrowLeft":
      return Math.max(from, at - step);
    case "ArrowRight":
      return Math.min(to, at + step);
    case "Home":
      return from;
    case "End":
    case "Escape":
      return null;
    default:
      return undefined;
  }
}

function LegendButton({ line, name, off, toggle }: { line: Line; name: string; off: boolean; toggle: (key: string) => void }) {
  return (
    <button type="button" className={classes.legend} aria-pressed={!off} onClick={() => toggle(line.series.key)}>
      <Swatch color={line.color} />
      {name}
    </button>
  );
}

function Swatch({ color }: { color: number }) {
  return <span className={classes.swatch} style={{ background: `var(--${seriesToken(color)})` }} />;
}

interface ValuesProps {
  column: Column;
  place: number;
  lines: readonly Line[];
  at: number;
  step: number;
  nameOf: (series: Series) => string;
}

/** What each line says at the cursor. */
function Values({ column, place, lines, at, step, nameOf }: ValuesProps) {
  return (
    <ul className={classes.values}>
      {lines.map(({ series, color }) => {
        const value = pointAt(series, at, 3 * step)?.values[place];
        return (
          <li key={series.key} title={nameOf(series)} data-testid="counter-value" data-value={value}>
            <Swatch color={color} />
            {lines.length > 1 && <span>{nameOf(series)}</span>}
            <strong>{value === undefined ? "–" : formatValue(column, value)}</strong>
          </li>
        );
      })}
    </ul>
  );
}
