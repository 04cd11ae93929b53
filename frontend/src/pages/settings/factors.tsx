import { visible } from "../../format/bytes-text";
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Added, addPasskey, beginTotp, confirmTotp, type Factors, factors, removePasskey, removeTotp, renewRecovery } from "../../api/factors";
import { passkeysWork } from "../../api/passkey";
import { ago } from "../../format/clock";
import { CopyButton, Failure, Loading } from "../../ui/parts";
import { useConfirmed } from "./confirm";
import styles from "./factors.module.css";
import { Outcome, SettingsForm } from "./form-parts";
import { NewSecret, RecoveryCodes } from "./new-factor";
import classes from "./settings.module.css";

/** What one signs in with beside the password: passkeys, an authenticator app, recovery codes. */
export function FactorsPanel() {
  const { data, error, refetch } = useQuery(factors);
  if (data === undefined) return error === null ? <Loading rows={3} /> : <Failure error={error} retry={() => void refetch()} />;
  return <Owned owned={data} />;
}

function Owned({ owned }: { owned: Factors }) {
  const client = useQueryClient();
  const { confirmed, dialog } = useConfirmed();
  const [fresh, setFresh] = useState<readonly string[]>([]);
  const change = useMutation({
    mutationFn: (action: () => Promise<unknown>) => confirmed(action),
    onSuccess: (answer) => {
      const { recovery_codes = [] } = (answer ?? {}) as Partial<Added>;
      if (recovery_codes.length > 0) setFresh(recovery_codes);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["factors"] }),
  });
  const any = owned.totp !== null || owned.passkeys.length > 0;
  return (
    <div className={classes.inner}>
      {!any && <p>{owned.demanded ? "Your role needs one." : "None yet: whoever learns your password is you."}</p>}
      {owned.passkeys.map((passkey) => (
        <div key={passkey.id} className={styles.row} data-testid="passkey-row">
          <span>
            Passkey <b>{visible(passkey.name)}</b> <span className={styles.hint}>{used(passkey.last_used_at)}</span>{" "}
            <CopyButton text={passkey.line} label={`Copy the public key of ${visible(passkey.name)}, as a host's policy lists it`} />
          </span>
          <Button variant="default" aria-label={`Remove the passkey ${visible(passkey.name)}`} onClick={() => change.mutate(() => removePasskey(passkey.id))}>
            Remove
          </Button>
        </div>
      ))}
      {owned.totp !== null && (
        <div className={styles.row} data-testid="totp-row">
          <span>
            Authenticator app <span className={styles.hint}>{used(owned.totp.last_used_at)}</span>
          </span>
          <Button variant="default" aria-label="Remove the authenticator app" onClick={() => change.mutate(removeTotp)}>
            Remove
          </Button>
        </div>
      )}
      {any && (
        <div className={styles.row}>
          <span>{owned.recovery} recovery codes left</span>
          <Button variant="default" onClick={() => change.mutate(renewRecovery)}>
            New codes
          </Button>
        </div>
      )}
      {fresh.length > 0 && <RecoveryCodes codes={fresh} />}
      {passkeysWork() && <NewPasskey add={(name) => change.mutateAsync(() => addPasskey(name))} />}
      {owned.totp === null && <NewApp run={(action) => change.mutateAsync(action)} />}
      <Outcome error={change.error} done={null} />
      {dialog}
    </div>
  );
}

function used(at: string | null): string {
  return at === null ? "not used yet" : `used ${ago(at)}`;
}

function NewPasskey({ add }: { add: (name: string) => Promise<unknown> }) {
  const [name, setName] = useState("");
  const submit = (): void => {
    add(name).then(
      () => setName(""),
      () => undefined, // said below
    );
  };
  return (
    <SettingsForm submit={submit}>
      <TextInput
        label="New passkey"
        description="A name for the device that holds it"
        data-testid="passkey-name"
        required
        withAsterisk={false}
        maxLength={64}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Button type="submit" data-testid="passkey-add">
        Register a passkey
      </Button>
    </SettingsForm>
  );
}

function NewApp({ run }: { run: (action: () => Promise<unknown>) => Promise<unknown> }) {
  const [made, setMade] = useState<Awaited<ReturnType<typeof beginTotp>> | null>(null);
  const [code, setCode] = useState("");
  const begin = (): void => {
    run(async () => setMade(await beginTotp())).catch(() => undefined); // said above
  };
  if (made === null) {
    return (
      <Button variant="default" data-testid="totp-begin" onClick={begin}>
        Set up an authenticator app
      </Button>
    );
  }
  return (
    <SettingsForm submit={() => void run(() => confirmTotp(code)).catch(() => setCode(""))}>
      <NewSecret made={made} />
      <TextInput
        label="Code that the app shows"
        data-testid="totp-code"
        autoComplete="one-time-code"
        required
        withAsterisk={false}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      <Button type="submit" data-testid="totp-confirm">
        Confirm
      </Button>
    </SettingsForm>
  );
}
