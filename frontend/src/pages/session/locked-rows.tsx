import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { passkeySignature, type Passkeys } from "../../api/consent";
import { factors } from "../../api/factors";
import { askForOpening, type Opening, openRows } from "../../api/openings";
import { passkeysWork } from "../../api/passkey";
import { visible } from "../../format/bytes-text";
import type { RunState } from "../../gen/proto/v1/live_pb";
import { CopyLine, errorText } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import classes from "./locked-rows.module.css";
import { openCommand, whoseRows } from "./locked-words";

/** Rows of risk class S3 whose key only their hosts have: who may ask for plaintext there signs to read them again. */
export function LockedRows({ session, runs }: { session: string; runs: readonly RunState[] }) {
  const hosts = runs.filter((run) => run.locked).map((run) => run.host);
  return hosts.length === 0 ? null : <Locked session={session} hosts={hosts} />;
}

function Locked({ session, hosts }: { session: string; hosts: string[] }) {
  const [reason, setReason] = useState("");
  const ask = useMutation({ mutationFn: () => askForOpening(session, reason.trim()) });
  return (
    <section className={parts.notice} data-tone="info" data-testid="locked-rows" aria-label="Locked rows">
      <div className={classes.body}>
        <p>
          {whoseRows(hosts)} They are encrypted, and since shortly after the session&rsquo;s end only {hosts.length === 1 ? "this host has" : "these hosts have"} the
          key. Somebody whom the host&rsquo;s owner lets ask for plaintext signs to read them for 15 minutes.
        </p>
        {ask.data === undefined ? (
          <form
            className={classes.ask}
            onSubmit={(event) => {
              event.preventDefault();
              ask.mutate();
            }}
          >
            <TextInput
              label="Why do you want to read them?"
              className={classes.reason}
              maxLength={2000}
              data-testid="locked-reason"
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <Button type="submit" data-testid="locked-ask" disabled={reason.trim() === ""} loading={ask.isPending}>
              Show what to sign
            </Button>
          </form>
        ) : (
          <Text session={session} opening={ask.data} reason={reason.trim()} again={() => ask.reset()} />
        )}
        {ask.error !== null && (
          <p className={classes.error} role="alert">
            {errorText(ask.error)}
          </p>
        )}
      </div>
    </section>
  );
}

function Text({ session, opening, reason, again }: { session: string; opening: Opening; reason: string; again: () => void }) {
  return (
    <>
      <pre className={classes.text} tabIndex={0} data-testid="locked-text">
        {opening.text}
      </pre>
      <OpenButtons session={session} opening={opening} again={again} />
      {opening.signed && (
        <div>
          <p>Or with an ssh key, by a command that shows what it signs:</p>
          <CopyLine text={openCommand(session, reason)} label="Copy the command" />
        </div>
      )}
    </>
  );
}

function OpenButtons({ session, opening, again }: { session: string; opening: Opening; again: () => void }) {
  const client = useQueryClient();
  const own = useQuery(factors).data;
  const open = useMutation({
    mutationFn: async (mine: Passkeys | null) => openRows(session, opening.id, mine === null ? null : await passkeySignature(opening.text, mine)),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["sessions", "one", session] }),
  });
  if (own === undefined) return null;
  const refused = (open.data ?? []).filter((answer) => answer.error !== "");
  const canSign = own.passkeys.length > 0 && passkeysWork();
  return (
    <>
      <div className={classes.buttons}>
        {(canSign || !opening.signed) && (
          <Button data-testid="locked-open" loading={open.isPending} disabled={open.data !== undefined} onClick={() => open.mutate(opening.signed ? own : null)}>
            {opening.signed ? "Open: sign with a passkey" : "Open them"}
          </Button>
        )}
        <Button variant="default" onClick={again}>
          Start over
        </Button>
      </div>
      {!canSign && opening.signed && (
        <p>
          {passkeysWork() ? "You have no passkey here; " : "This browser has no passkeys at this address; "}
          <Link to="/settings">the settings</Link> say how to get one.
        </p>
      )}
      {open.error !== null && (
        <p className={classes.error} role="alert" data-testid="locked-error">
          {errorText(open.error)}
        </p>
      )}
      {refused.map(({ host, error }) => (
        <p key={host} className={classes.error} role="alert" data-testid="locked-refused">
          {visible(host)}: {visible(error)}
        </p>
      ))}
    </>
  );
}
