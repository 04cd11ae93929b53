import { Button, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { Link } from "react-router";
import { audit, type AuditEntry, type AuditFilter } from "../../api/audit";
import { dateTime } from "../../format/clock";
import { Badge, Empty, Facts, Failure, Loading, Page, TablePanel } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import classes from "./audit.module.css";

const FIELDS: readonly (keyof AuditFilter)[] = ["actor", "action", "tool", "host", "outcome"];

export function AuditPage() {
  const [typed, setTyped] = useState<AuditFilter>({});
  const [filter] = useDebouncedValue(typed, 250);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(audit(filter));
  const entries = data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.values(filter).some(Boolean);
  return (
    <Page
      title="Audit"
      note="every start, stop, view, export and refusal; nothing can be changed"
      actions={FIELDS.map((name) => (
        <TextInput
          key={name}
          w={110}
          placeholder={name}
          aria-label={`Filter by ${name}`}
          data-testid={`audit-filter-${name}`}
          value={typed[name] ?? ""}
          onChange={(event) => setTyped({ ...typed, [name]: event.currentTarget.value })}
        />
      ))}
    >
      {data === undefined && error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      {data !== undefined && entries.length === 0 && <Empty title={filtered ? "No entry matches" : "Nothing is on record yet"} />}
      {entries.length > 0 && <AuditTable entries={entries} />}
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

function AuditTable({ entries }: { entries: readonly AuditEntry[] }) {
  const [open, setOpen] = useState<AuditEntry["id"] | null>(null);
  return (
    <TablePanel>
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
              <td>{entry.actor}</td>
              <td className={parts.mono}>{entry.action}</td>
              <td>
                <Badge tone={isGood(entry.outcome) ? "ok" : "bad"}>{entry.outcome}</Badge>
              </td>
              <td className={classes.wide}>{entry.tool}</td>
              <td className={classes.wide}>{entry.hosts.join(", ")}</td>
              <td className={classes.wide}>{entry.reason}</td>
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

function isGood(outcome: string): boolean {
  return ["ok", "allowed", "success", "done"].includes(outcome);
}

function factsOf(entry: AuditEntry): [string, React.ReactNode][] {
  const detail = Object.entries(entry.detail).map(([name, value]): [string, React.ReactNode] => [
    name,
    <span key={name} className={parts.mono}>
      {typeof value === "string" ? value : JSON.stringify(value)}
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
