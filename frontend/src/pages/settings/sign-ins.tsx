import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { endOtherSignIns, endSignIn, type SignIn, signIns } from "../../api/sign-ins";
import { ago } from "../../format/clock";
import { Failure, Loading } from "../../ui/parts";
import styles from "./factors.module.css";
import { Outcome } from "./form-parts";
import classes from "./settings.module.css";

/** Every browser that is signed in as this person. */
export function SignInsPanel() {
  const { data, error, refetch } = useQuery(signIns);
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: (action: () => Promise<unknown>) => action(),
    onSettled: () => client.invalidateQueries({ queryKey: ["sign-ins"] }),
  });
  if (data === undefined) return error === null ? <Loading rows={2} /> : <Failure error={error} retry={() => void refetch()} />;
  return (
    <div className={classes.inner}>
      {data.map((one) => (
        <div key={one.id} className={styles.row} data-testid="sign-in-row">
          <span>
            {one.device} <span className={styles.hint}>{where(one)}</span>
          </span>
          {!one.current && (
            <Button variant="default" aria-label={`Sign out ${one.device} at ${one.address}`} onClick={() => end.mutate(() => endSignIn(one.id))}>
              Sign out
            </Button>
          )}
        </div>
      ))}
      {data.length > 1 && (
        <Button variant="default" data-testid="sign-out-others" onClick={() => end.mutate(endOtherSignIns)}>
          Sign out all others
        </Button>
      )}
      <Outcome error={end.error} done={null} />
    </div>
  );
}

function where({ address, since, last_seen, current }: SignIn): string {
  const seen = current ? "this browser" : last_seen !== null && `seen ${ago(last_seen)}`;
  return [address, since !== null && `since ${ago(since)}`, seen].filter(Boolean).join(" · ");
}
