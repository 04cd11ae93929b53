import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { addWebhook, removeWebhook, tryWebhook, type Webhook, webhooksOf } from "../../api/webhooks";
import { ago } from "../../format/clock";
import { Badge, CopyLine, Failure, Loading } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { SureButton } from "../../ui/sure-button";
import { Outcome } from "../settings/form-parts";
import classes from "./teams.module.css";

/** Where a team is told of its requests. `team`: whose; null: closed. */
export function WebhookDialog({ team, close }: { team: string | null; close: () => void }) {
  return (
    <Modal opened={team !== null} onClose={close} title={`Webhooks of ${team ?? ""}`} size="lg">
      {team !== null && <Webhooks team={team} />}
    </Modal>
  );
}

function Webhooks({ team }: { team: string }) {
  const known = useQuery(webhooksOf(team));
  if (known.data === undefined) return known.error === null ? <Loading rows={2} /> : <Failure error={known.error} retry={() => void known.refetch()} />;
  return (
    <div className={classes.form}>
      <p className={parts.dim}>They are told when approval of a session of this team is asked for, given, denied or runs out, and when somebody breaks the glass.</p>
      {known.data.length > 0 && (
        <ul className={classes.webhooks}>
          {known.data.map((webhook) => (
            <WebhookRow key={webhook.id} team={team} webhook={webhook} />
          ))}
        </ul>
      )}
      <AddWebhook team={team} />
    </div>
  );
}

function WebhookRow({ team, webhook }: { team: string; webhook: Webhook }) {
  const send = useWebhookChange(team, () => tryWebhook(team, webhook.id));
  const take = useWebhookChange(team, () => removeWebhook(team, webhook.id));
  return (
    <li className={classes.webhook} data-testid="webhook">
      <span className={`${parts.mono} ${classes.url}`}>{webhook.url}</span>
      <span>
        <State webhook={webhook} />
      </span>
      <div className={classes.act}>
        <Button variant="default" loading={send.isPending} onClick={() => send.mutate()} aria-label={`Send a test to ${webhook.url}`} data-testid="webhook-test">
          Send a test
        </Button>
        <SureButton name="Remove" sure="Remove it" label={`Remove ${webhook.url}`} busy={take.isPending} act={() => take.mutate()} testid="webhook-remove" />
      </div>
      <Outcome error={send.error ?? take.error} done={null} />
    </li>
  );
}

function State({ webhook }: { webhook: Webhook }) {
  const waiting = webhook.waiting > 0 ? ` ${webhook.waiting} to send.` : "";
  if (webhook.tried_at === null) return <span className={parts.dim}>{waiting === "" ? "Nothing was sent there yet." : waiting}</span>;
  const again = webhook.failures > 1 ? `, ${webhook.failures} times in a row` : "";
  return (
    <>
      <Badge tone={webhook.failures === 0 ? "ok" : "bad"}>{webhook.failures === 0 ? "arrived" : "failed"}</Badge>{" "}
      <span className={parts.dim}>
        {ago(webhook.tried_at)}: {webhook.result}
        {again}.{waiting}
      </span>
    </>
  );
}

function AddWebhook({ team }: { team: string }) {
  const [url, setUrl] = useState("");
  const add = useWebhookChange(
    team,
    () => addWebhook(team, url.trim()),
    () => setUrl(""),
  );
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <TextInput
        label="Add an address"
        description="Messages carry a link to the request, and no reason, parameters or rows"
        placeholder="https://chat.example.org/hooks/fleetscope"
        autoComplete="off"
        data-autofocus
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
        data-testid="webhook-url"
      />
      <Outcome error={add.error} done={null} />
      {add.data !== undefined && (
        <div data-testid="webhook-secret">
          <CopyLine text={add.data.secret} label="Copy the secret" />
          <p className={parts.dim}>Shown only now: with it the receiver checks that a message is from here.</p>
        </div>
      )}
      <Button type="submit" loading={add.isPending} disabled={url.trim() === ""} data-testid="webhook-add">
        Add it
      </Button>
    </form>
  );
}

function useWebhookChange<T>(team: string, change: () => Promise<T>, done?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => done?.(),
    onSettled: () => client.invalidateQueries({ queryKey: webhooksOf(team).queryKey }),
  });
}
