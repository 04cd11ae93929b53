import { visible } from "../../format/bytes-text";
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { identity, leave, unlink } from "../../api/oidc";
import { Panel } from "../../ui/parts";
import { useConfirmed } from "./confirm";
import styles from "./factors.module.css";
import { Outcome } from "./form-parts";
import classes from "./settings.module.css";

/** The account at the OpenID provider that signs this person in; nothing where there is no provider. */
export function IdentityPanel() {
  const { data } = useQuery(identity);
  const client = useQueryClient();
  const { confirmed, dialog } = useConfirmed();
  const change = useMutation({
    mutationFn: (action: () => Promise<unknown>) => confirmed(action),
    onSettled: () => client.invalidateQueries({ queryKey: ["identity"] }),
  });
  if (data == null || data.name === null) return null;
  return (
    <Panel label={data.name}>
      <div className={classes.inner}>
        {data.subject === null ? (
          <Button variant="default" data-testid="identity-link" loading={change.isPending} onClick={() => change.mutate(() => leave("link"))}>
            Link my account at {data.name}
          </Button>
        ) : (
          <div className={styles.row} data-testid="identity-row">
            <span>
              Signs you in as <b>{visible(data.subject)}</b>
            </span>
            <Button variant="default" data-testid="identity-unlink" onClick={() => change.mutate(unlink)}>
              Take off
            </Button>
          </div>
        )}
        <Outcome error={change.error} done={null} />
        {dialog}
      </div>
    </Panel>
  );
}
