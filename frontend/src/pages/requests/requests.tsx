import { visible } from "../../format/bytes-text";
import { useQuery } from "@tanstack/react-query";
import { hostNames } from "../../format/host-names";
import { Link, useNavigate } from "react-router";
import { type Request, requests } from "../../api/requests";
import { dateTime } from "../../format/clock";
import { Empty, Failure, Loading, Page, TablePanel } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { StateBadge } from "./state-badge";
import classes from "./requests.module.css";

/** Everything that people were asked to agree to; what waits comes first. */
export function RequestsPage() {
  const { data, error, refetch } = useQuery(requests);
  const open = (data?.items ?? []).filter(waits);
  const over = (data?.items ?? []).filter((request) => !waits(request));
  return (
    <Page title="Approvals" note={data && (data.waiting === 0 ? "nothing waits for you" : `${data.waiting} may wait for you`)}>
      {data === undefined && error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      {data?.items.length === 0 && (
        <Empty title="Nobody has asked for approval yet">
          Sessions that show plaintext, or that run on many hosts, need somebody else to agree. The start form says so.
        </Empty>
      )}
      {open.length > 0 && <RequestTable items={open} />}
      {over.length > 0 && (
        <>
          <h2 className={parts.label}>Over</h2>
          <RequestTable items={over} />
        </>
      )}
    </Page>
  );
}

function waits({ state, review_due }: Request): boolean {
  return state === "waiting" || state === "approved" || review_due;
}

function RequestTable({ items }: { items: readonly Request[] }) {
  const navigate = useNavigate();
  return (
    <TablePanel>
      <thead>
        <tr className={parts.label}>
          <th>Asked</th>
          <th>Tool</th>
          <th>State</th>
          <th>By</th>
          <th>Agreed</th>
          <th className={classes.wide}>Hosts</th>
          <th className={classes.wide}>Reason</th>
        </tr>
      </thead>
      <tbody>
        {items.map((request) => (
          <tr key={request.id} data-testid="request-row" data-state={request.state} data-link onClick={() => void navigate(`/requests/${request.id}`)}>
            <td className={parts.mono}>{dateTime(request.created_at)}</td>
            <td>
              <Link to={`/requests/${request.id}`} onClick={(event) => event.stopPropagation()}>
                {request.tool}
              </Link>
            </td>
            <td>
              <StateBadge request={request} />
            </td>
            <td>{request.created_by}</td>
            <td>{request.break_glass ? "break-glass" : `${agreed(request)} of ${request.needed}`}</td>
            <td className={classes.wide} title={request.hosts.join(", ")}>{hostNames(request.hosts)}</td>
            <td className={classes.wide}>{visible(request.reason)}</td>
          </tr>
        ))}
      </tbody>
    </TablePanel>
  );
}

function agreed({ voices }: Request): number {
  return voices.filter((voice) => voice.part === "approver").length;
}
