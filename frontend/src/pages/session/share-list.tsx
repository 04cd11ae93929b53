import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { revokeShare, type Share, shares } from "../../api/shares";
import { visible } from "../../format/bytes-text";
import { dateTime } from "../../format/clock";
import { errorText } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { SureButton } from "../../ui/sure-button";
import classes from "./share.module.css";

/** With whom the session is shared now; each can be ended. */
export function ShareList({ session }: { session: string }) {
  const client = useQueryClient();
  const { data, error } = useQuery(shares(session));
  const end = useMutation({
    mutationFn: (id: number) => revokeShare(session, id),
    onSettled: () => client.invalidateQueries({ queryKey: shares(session).queryKey }),
  });
  const trouble = end.error ?? error;
  return (
    <section aria-label="Shared with">
      {trouble !== null && <p role="alert" className={classes.problem}>{errorText(trouble)}</p>}
      {data === undefined && error === null && <p className={parts.dim}>Looking …</p>}
      {data?.length === 0 && <p className={parts.dim}>Nobody outside its team can see this session.</p>}
      <ul className={classes.list}>
        {data?.map((one) => (
          <li key={one.id} className={classes.one} data-testid="share">
            <div className={classes.facts}>
              <span>{withWhom(one)}</span>
              <span className={parts.dim}>{facts(one)}</span>
              {one.problem !== "" && <span className={classes.problem}>{visible(one.problem)}</span>}
            </div>
            <SureButton
              name="End"
              sure="End it now"
              label={`End the share with ${withWhom(one)}`}
              busy={end.isPending && end.variables === one.id}
              act={() => end.mutate(one.id)}
              testid="share-end"
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function withWhom(share: Share): string {
  if (share.person !== null) return share.person;
  return share.team === null ? "A link" : `Team ${share.team}`;
}

function facts(share: Share): string {
  const link = share.person === null && share.team === null;
  const opened = share.opened_by.length === 0 ? "opened by nobody yet" : `opened by ${share.opened_by.join(", ")}`;
  const until = share.expires_at === null ? "until it is ended" : `until ${dateTime(share.expires_at)}`;
  return [until, `by ${share.given_by}`, ...(link ? [opened] : [])].join(" · ");
}
