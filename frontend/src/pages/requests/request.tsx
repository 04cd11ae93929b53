import { visible } from "../../format/bytes-text";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { type Request, request as requestQuery } from "../../api/requests";
import { dateTime } from "../../format/clock";
import { Facts, Failure, Loading, Page, Panel } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { missing } from "./actions";
import { RequestActions } from "./request-actions";
import { StateBadge } from "./state-badge";
import classes from "./requests.module.css";

/** One request: exactly what would run, who agreed, and what the person looking can do. */
export function RequestPage() {
  const { id = "" } = useParams();
  const { data, error, refetch } = useQuery(requestQuery(id));
  return (
    <Page title={data === undefined ? "Request" : `Request: ${data.tool}`} note={data && <StateBadge request={data} />}>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && data === undefined && <Loading />}
      {data !== undefined && (
        <div className={classes.columns}>
          <Panel label="What would run, byte for byte">
            <pre className={classes.text} tabIndex={0} data-testid="specification">
              {data.specification}
            </pre>
          </Panel>
          <Panel label="Agreement">
            <div className={classes.inner}>
              <State request={data} />
              <RequestActions request={data} />
            </div>
          </Panel>
        </div>
      )}
    </Page>
  );
}

function State({ request }: { request: Request }) {
  const said = request.voices.map(({ person, part, at, key, reason }) => [
    PARTS[part],
    <span key={`${person}${part}`}>
      {person}, {dateTime(at)}
      {key !== "" && <span className={parts.mono}> {key}</span>}
      {reason !== "" && `: ${visible(reason)}`}
    </span>,
  ]) as [string, React.ReactNode][];
  return (
    <>
      <Facts
        facts={[
          ["Asked by", request.created_by],
          ["Reason", request.reason],
          ["Because", request.why],
          ["Until", dateTime(request.expires_at)],
          ...said,
          ...(request.reviewed_by === "" ? [] : [[`Reviewed by ${request.reviewed_by}`, request.review] as [string, string]]),
        ]}
      />
      <p data-testid="request-state">{visible(stateText(request))}</p>
      {request.state === "started" && <Link to={`/sessions/${request.id}`}>Open its session</Link>}
    </>
  );
}

const PARTS: Record<Request["voices"][number]["part"], string> = { requester: "Signed", approver: "Agreed", denier: "Denied" };

function stateText(request: Request): string {
  if (request.review_due) return "It broke the glass: somebody else has to look at it and write down what they found.";
  if (request.state_message !== "") return `It is ${request.state}: ${request.state_message}.`;
  if (request.state === "waiting") return `It lacks ${missing(request)}.`;
  if (request.state === "approved") return `${request.created_by} can start it now, once.`;
  return `It is ${request.state}.`;
}
