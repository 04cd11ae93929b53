import { visible } from "../../format/bytes-text";
import { Select } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearchParams, Link } from "react-router";
import { Button } from "@mantine/core";
import { tools } from "../../api/catalog";
import { type Session, sessions } from "../../api/tracing";
import { ago, dateTime } from "../../format/clock";
import { hostNames } from "../../format/host-names";
import { bytes, count } from "../../format/numbers";
import { Badge, Empty, Failure, Loading, Page, TablePanel } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { BOOKS } from "../session/ledger";
import classes from "./sessions.module.css";

const PAGE = 50;

export function SessionsPage() {
  const [query, setQuery] = useSearchParams();
  const filter = { tool: query.get("tool") ?? "", state: query.get("state") ?? "", user: query.get("user") ?? "" };
  const offset = Number(query.get("offset") ?? 0);
  const { data, error, refetch } = useQuery({ ...sessions({ ...filter, limit: PAGE, offset }), placeholderData: keepPreviousData });
  const toolNames = useQuery(tools).data?.map((tool) => tool.name) ?? [];
  const set = (name: string, value: string | null): void => {
    const next = new URLSearchParams(query);
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
    if (name !== "offset") next.delete("offset");
    setQuery(next);
  };
  const filtered = Object.values(filter).some((value) => value !== "");
  return (
    <Page
      title="Sessions"
      note={data && `${count(data.total)}${filtered ? " match" : ""}`}
      actions={
        <>
          <Select
            placeholder="Any tool"
            aria-label="Tool"
            data={toolNames}
            value={filter.tool || null}
            clearable
            onChange={(value) => set("tool", value)}
          />
          <Select
            placeholder="Any state"
            aria-label="State"
            data={["pending", "running", "ended"]}
            value={filter.state || null}
            clearable
            onChange={(value) => set("state", value)}
          />
        </>
      }
    >
      {data === undefined && error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      {data?.items.length === 0 &&
        (filtered ? (
          <Empty title="No session matches" />
        ) : (
          <Empty
            title="Nothing has been traced yet"
            action={
              <Button component={Link} to="/tools">
                Choose a tool
              </Button>
            }
          >
            A session is one tool on one or more hosts, kept with its rows, its ledger and who started it.
          </Empty>
        ))}
      {data !== undefined && data.items.length > 0 && <SessionTable items={data.items} />}
      {data !== undefined && data.total > PAGE && (
        <div className={classes.pager}>
          <Button variant="default" disabled={offset === 0} onClick={() => set("offset", String(Math.max(0, offset - PAGE)))}>
            Newer
          </Button>
          <span className={parts.dim}>
            {offset + 1} to {offset + data.items.length} of {count(data.total)}
          </span>
          <Button variant="default" disabled={offset + PAGE >= data.total} onClick={() => set("offset", String(offset + PAGE))}>
            Older
          </Button>
        </div>
      )}
    </Page>
  );
}

function SessionTable({ items }: { items: readonly Session[] }) {
  const navigate = useNavigate();
  return (
    <TablePanel>
      <thead>
        <tr className={parts.label}>
          <th>Session</th>
          <th>State</th>
          <th className={classes.wide}>Hosts</th>
          <th className={parts.num}>Rows</th>
          <th className={`${parts.num} ${classes.wide}`}>Stored</th>
          <th>Books</th>
          <th className={classes.wide}>By</th>
          <th className={classes.wide}>Reason</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr
            key={item.id}
            data-link
            data-testid="session-row"
            data-session={item.id}
            onClick={() => void navigate(`/sessions/${item.id}`)}
          >
            <td>
              <Link to={`/sessions/${item.id}`} className={parts.mono}>
                {item.tool}
              </Link>{" "}
              <span className={parts.dim} title={dateTime(item.created_at)}>
                {ago(item.created_at)}
              </span>
            </td>
            <td>
              <Badge tone={item.state === "running" ? "live" : item.state === "pending" ? "info" : "mute"}>{item.state}</Badge>
            </td>
            <td className={classes.wide} title={item.hosts.join(", ")}>{hostNames(item.hosts)}</td>
            <td className={parts.num}>{count(item.rows)}</td>
            <td className={`${parts.num} ${classes.wide}`} title="On the server's disk">
              {bytes(item.stored_bytes)}
            </td>
            <td>
              <Badge tone={BOOKS[item.books].tone}>{BOOKS[item.books].text}</Badge>
            </td>
            <td className={classes.wide}>{item.created_by}</td>
            <td className={classes.wide}>{visible(item.reason)}</td>
          </tr>
        ))}
      </tbody>
    </TablePanel>
  );
}
