import { visible } from "../../format/bytes-text";
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ApiToken, endToken, tokens } from "../../api/accounts";
import { ago } from "../../format/clock";
import { Failure, Loading } from "../../ui/parts";
import styles from "./factors.module.css";
import { Outcome } from "./form-parts";
import classes from "./settings.module.css";
import { TokenForm } from "./token-form";

/** What programs sign in with as this person. */
export function TokensPanel() {
  const { data, error, refetch } = useQuery(tokens);
  const client = useQueryClient();
  const changed = (): void => void client.invalidateQueries({ queryKey: ["tokens"] });
  const end = useMutation({ mutationFn: endToken, onSettled: changed });
  if (data === undefined) return error === null ? <Loading rows={2} /> : <Failure error={error} retry={() => void refetch()} />;
  return (
    <div className={classes.inner}>
      {data.map((token) => (
        <div key={token.id} className={styles.row} data-testid="token-row">
          <span>
            {visible(token.name)} <span className={styles.hint}>
              {reach(token)} · {times(token)}
            </span>
          </span>
          <Button variant="default" aria-label={`End the token ${visible(token.name)}`} onClick={() => end.mutate(token.id)}>
            End
          </Button>
        </div>
      ))}
      <Outcome error={end.error} done={null} />
      <TokenForm made={changed} />
    </div>
  );
}

function reach({ scope, risk }: ApiToken): string {
  if (scope === "people") return "makes people and grants";
  return scope === "all" ? "all that you may, except make people and grants" : `${scope} up to ${risk.toUpperCase()}`;
}

function times({ last_used_at, expires_at }: ApiToken): string {
  const used = last_used_at === null ? "not used yet" : `used ${ago(last_used_at)}`;
  const gone = new Date(expires_at).getTime() <= Date.now();
  return `${used} · ${gone ? "expired" : "until"} ${expires_at.slice(0, 10)}`;
}
