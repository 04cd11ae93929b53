import { visible } from "../../format/bytes-text";
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Fragment, useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { audit, auditExportAddress, type AuditEntry } from "../../api/audit";
import { dateTime } from "../../format/clock";
import { Badge, Empty, Facts, Failure, Loading, Page, TablePanel } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import classes from "./audit.module.css";

const FIELDS = ["actor", "action", "tool", "host", "outcome"] as const;
type Field = (typeof FIELDS)[number];
const DAYS = [
  { value: "", label: "any time" },
  { value: "1", label: "last day" },
  { value: "7", label: "last 7 days" },
  { value: "30", label: "last 30 days" },
];

/** The address holds the filter, so that another page can link to "who looked here". */
export function AuditPage() {
  const [query, setQuery] = useSearchParams();
  const typed = Object.fromEntries(FIELDS.map((name) => [name, query.get(name) ?? ""])) as Record<Field, string>;
  const days = query.get("days") ?? "";
  const after = useMemo(() => (Number(days) > 0 ? daysAgo(Number(days)) : ""), [days]);
  const [filter] = useDebouncedValue({ ...typed, after }, 250);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(audit(filter));
  const entries = data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.values(filter).some(Boolean);
  const set = (name: Field | "days", value: string): void =>
    setQuery(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === "") next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return (
    <Page
      title="Audit"
      note="every start, stop, view, export and refusal; nothing can be changed"
      actions={
        <>
          {FIELDS.map((name) => (
            <TextInput
              key={name}
              w={110}
              placeholder={name}
              aria-label={`Filter by ${name}`}
              data-testid={`audit-filter-${name}`}
              value={typed[name]}
              onChange={(event) => set(name, event.currentTarget.value)}
            />
          ))}
          <NativeSelect
            w={130}
            size="xs"
            aria-label="Filter by time"
            data-testid="audit-filter-days"
            data={DAYS}
            value={days}
            onChange={(event) => set("days", event.currentTarget.value)}
          />
          <Button
            component="a"
            variant="default"
            href={auditExportAddress(filter, "ndjson")}
            download
            data-testid="audit-export"
            title="These entries with their proofs, as a file that can be checked without this server"
          >
            Export
          </Button>
          <Button
            component="a"
            variant="default"
            href={auditExportAddress(filter, "pack")}
            download
            data-testid="audit-pack"
            title="These entries as one page for an auditor: shows, filters and checks itself in a browser, without account and network"
          >
            Auditor pack
          </Button>
        </>
      }
    >
      {data === undefined && error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      {data !== undefined && entries.length === 0 && <Empty title={filtered ? "No entry matches" : "Nothing is on record yet"} />}
      {entries.length > 0 && <AuditTable entries={entries} only={set} />}
      {hasNextPage && (
        <div className={classes.more}>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Older entries
          </Button>
        </div>
      )}
    </Page>
  );
}

/** To the minute, so that the same question is asked once. */
function daysAgo(days: number): string {
  const minute = 60_000;
  return new Date(Math.floor(Date.now() / minute) * minute - days * 24 * 60 * minute).toISOString();
}

type Only = (field: Field, value: string) => void;

function AuditTable({ entries, only }: { entries: readonly AuditEntry[]; only: Only }) {
  const [open, setOpen] = useState<AuditEntry["id"] | null>(null);
  return (
    <TablePanel className={classes.entries}>
      <thead>
        <tr className={parts.label}>
          <th>Time</th>
          <th>Who</th>
          <th>Did</th>
          <th>Outcome</th>
          <th className={classes.wide}>Tool</th>
          <th className={classes.wide}>Hosts</th>
          <th className={classes.wide}>Reason</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <Fragment key={entry.id}>
            <tr
              data-testid="audit-row"
              data-action={entry.action}
              data-outcome={entry.outcome}
              data-link
              onClick={() => setOpen(open === entry.id ? null : entry.id)}
            >
              <td className={`${parts.mono} ${classes.time}`}>
                <button type="button" className="linkButton" aria-expanded={open === entry.id}>
                  {dateTime(entry.time)}
                </button>
              </td>
              <td>
                <OnlyButton field="actor" value={entry.actor} only={only} />
              </td>
              <td className={parts.mono}>{entry.action}</td>
              <td className={classes.outcome}>
                <Badge tone={isGood(entry.outcome) ? "ok" : "bad"}>{entry.outcome}</Badge>
              </td>
              <td className={classes.wide}>
                <OnlyButton field="tool" value={entry.tool} only={only} />
              </td>
              <td className={classes.wide}>
                {entry.hosts.map((host, number) => (
                  <Fragment key={host}>
                    {number > 0 && ", "}
                    <OnlyButton field="host" value={host} only={only} />
                  </Fragment>
                ))}
              </td>
              <td className={classes.wide}>{visible(entry.reason)}</td>
            </tr>
            {open === entry.id && (
              <tr>
                <td colSpan={7} className={classes.detail}>
                  <Facts facts={factsOf(entry)} />
                </td>
              </tr>
            )}
          </Fragment>
        ))}
      </tbody>
    </TablePanel>
  );
}

/** One word of an entry, which shows all entries that have it. */
function OnlyButton({ field, value, only }: { field: Field; value: string; only: Only }) {
  if (value === "") return null;
  return (
    <button
      type="button"
      className="linkButton"
      title={`Only entries of this ${field}`}
      data-testid={`audit-only-${field}`}
      onClick={(event) => {
        event.stopPropagation();
        only(field, value);
      }}
    >
      {visible(value)}
    </button>
  );
}

function isGood(outcome: string): boolean {
  return ["ok", "allowed", "success", "done"].includes(outcome);
}

function factsOf(entry: AuditEntry): [string, React.ReactNode][] {
  const detail = Object.entries(entry.detail).map(([name, value]): [string, React.ReactNode] => [
    name,
    <span key={name} className={parts.mono}>
      {visible(typeof value === "string" ? value : JSON.stringify(value))}
    </span>,
  ]);
  const session =
    entry.session === null
      ? []
      : [
          [
            "session",
            <Link key="session" to={`/sessions/${entry.session}`}>
              {entry.session}
            </Link>,
          ] as [string, React.ReactNode],
        ];
  return [
    ["entry", String(entry.id)],
    ["tool", entry.tool || "–"],
    ["hosts", entry.hosts.join(", ") || "–"],
    ["reason", entry.reason || "–"],
    ...session,
    ...detail,
  ];
}
