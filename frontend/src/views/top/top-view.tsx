import { SegmentedControl, TextInput } from "@mantine/core";
import { useCallback, useState } from "react";
import { formatValue } from "../../format/column";
import { count, nanoseconds } from "../../format/numbers";
import { type Column, Unit } from "../../gen/proto/v1/tool_pb";
import { matchWords } from "../../ui/match";
import { useConsumer } from "../consume";
import { type Roles, rolesOf } from "../columns-of";
import { NoRows } from "../no-rows";
import { StoredCut, StoredProblem } from "../stored-problem";
import view from "../view.module.css";
import type { ViewProps } from "../view-props";
import { Bar, Spark } from "./paint";
import classes from "./top.module.css";
import { type Span, type TopRow, TopTable } from "./transform";
import { useStoredTop } from "./use-stored-top";

/** With `HISTORY` points each, no more than one answer of the store holds. */
const SHOWN = 150;

/** Keys ranked by a measure, with a bar and the last minute of each; of a session that is over, with all of its time. */
export function TopView(props: ViewProps) {
  const { session, stream } = props;
  const make = useCallback(() => new TopTable(stream.columns, stream.hits, (run) => session.run(run)), [session, stream]);
  const table = useConsumer({ session, stream }, make);
  const [span, setSpan] = useState<Span>("total");
  const [apart, setApart] = useState(false);
  const [search, setSearch] = useState("");
  const [sortBy, setSortBy] = useState<number | null>(null);
  const runs = session.snapshot().state?.runs ?? [];
  const shownAt = (index: number): boolean => stream.columns[index]?.hidden !== true;
  const sort = sortBy ?? firstMeasure(rolesOf(stream.columns, stream.hits), shownAt);
  const stored = useStoredTop(props, table, { span, apart, sort, shown: SHOWN });
  if (table === null) return null;
  const { roles } = table;
  const all = stored.rows ?? (props.range === null ? table.rows(span, apart, sort) : []);
  const hostOf = (row: TopRow): string => (apart ? (runs[Number(row.key.split(" ", 1)[0])]?.host ?? "") : "");
  const found = all.filter((row) => matchWords(search, [...row.keys, hostOf(row)].join(" ")));
  const highest = found[0]?.values[roles.measures.indexOf(sort)] ?? 0;
  const perHit = averageOf(stream.columns, roles.measures, roles.hits);
  return (
    <div className={view.view} data-testid="view-top" data-road={stored.rows === null ? "live" : "store"}>
      <div className={view.tools}>
        <SegmentedControl
          aria-label="Span"
          value={span}
          onChange={(value) => setSpan(value)}
          data={[
            { value: "total", label: "Whole session" },
            { value: "interval", label: "Last interval" },
          ]}
        />
        {runs.length > 1 && (
          <SegmentedControl
            aria-label="Hosts"
            value={apart ? "apart" : "together"}
            onChange={(value) => setApart(value === "apart")}
            data={[
              { value: "together", label: "Hosts together" },
              { value: "apart", label: "Apart" },
            ]}
          />
        )}
        <TextInput
          className={view.search ?? ""}
          placeholder="Search"
          aria-label="Search rows"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <StoredProblem error={stored.error} />
        <StoredCut cut={stored.cut} of="keys" />
        <span className={view.status}>{found.length > SHOWN ? `first ${SHOWN} of ${count(found.length)}` : count(found.length)}</span>
      </div>
      <div className={classes.scroll} tabIndex={0}>
        {all.length === 0 ? (
          <NoRows session={session} range={props.range} waiting="The first interval has not ended." />
        ) : (
          <table className={classes.table}>
            <thead>
              <tr>
                <th className={classes.rank}>#</th>
                {apart && <th>host</th>}
                {roles.keys.filter(shownAt).map((index) => (
                  <th key={index}>{titleOf(stream.columns[index])}</th>
                ))}
                {roles.measures.filter(shownAt).map((index) => (
                  <th key={index} className={classes.right}>
                    <button type="button" className="linkButton" aria-pressed={index === sort} onClick={() => setSortBy(index)}>
                      {titleOf(stream.columns[index])}
                      {index === sort ? " ▾" : ""}
                    </button>
                  </th>
                ))}
                {perHit !== null && <th className={classes.right}>each</th>}
                <th>{stored.rows === null ? "last minute" : "over time"}</th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, SHOWN).map((row, rank) => (
                <tr key={row.key} data-testid="top-row">
                  <td className={classes.rank}>{rank + 1}</td>
                  {apart && <td data-col="host">{hostOf(row)}</td>}
                  {roles.keys.map((index, place) =>
                    shownAt(index) ? (
                      <td key={index} data-col={stream.columns[index]?.name} title={row.keys[place]}>
                        {row.keys[place]}
                      </td>
                    ) : null,
                  )}
                  {roles.measures.map((index, place) =>
                    shownAt(index) ? (
                      <Measure
                        key={index}
                        column={stream.columns[index] as Column}
                        value={row.values[place] ?? 0}
                        highest={index === sort ? highest : null}
                      />
                    ) : null,
                  )}
                  {perHit !== null && <td className={classes.right}>{nanoseconds(perHit(row.values))}</td>}
                  <td>
                    <Spark history={row.history} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </div>
  );
}

function firstMeasure(roles: Roles, shownAt: (index: number) => boolean): number {
  return shownAt(roles.hits) ? roles.hits : (roles.measures.find(shownAt) ?? roles.hits);
}

function titleOf(column: Column | undefined): string {
  return column?.title || (column?.name ?? "");
}

function Measure({ column, value, highest }: { column: Column; value: number; highest: number | null }) {
  const text = formatValue(column, value);
  return (
    <td className={classes.right} data-col={column.name} data-value={value}>
      {highest === null ? text : <Bar value={value} highest={highest} text={text} />}
    </td>
  );
}

/** Time for each event, when the stream has both a time and a count. */
function averageOf(columns: readonly Column[], measures: readonly number[], hits: number): ((values: readonly number[]) => number) | null {
  const time = measures.findIndex((index) => columns[index]?.unit === Unit.NANOSECONDS);
  const events = measures.indexOf(hits);
  if (time < 0 || events < 0 || time === events) return null;
  return (values) => (values[time] ?? 0) / Math.max(1, values[events] ?? 0);
}
