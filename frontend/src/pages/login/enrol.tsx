import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type Added, addPasskey, beginTotp, confirmTotp, finishEnrolment, type Step } from "../../api/factors";
import { passkeysWork } from "../../api/passkey";
import { NewSecret, RecoveryCodes } from "../settings/new-factor";
import { Card } from "./card";

/** The role needs a second factor and there is none yet: set one up before anything else opens. */
export function Enrol({ username, done, again }: { username: string; done: (step: Step) => void; again: () => void }) {
  const [added, setAdded] = useState<Added | null>(null);
  const finish = useMutation({ mutationFn: finishEnrolment, onSuccess: done });
  if (added !== null) {
    return (
      <Card title="Recovery codes" submit={() => finish.mutate()} error={finish.error}>
        <RecoveryCodes codes={added.recovery_codes} />
        <Button type="submit" data-testid="enrol-finish" loading={finish.isPending} fullWidth size="sm">
          I have kept them
        </Button>
      </Card>
    );
  }
  return <Choose username={username} done={setAdded} again={again} />;
}

function Choose({ username, done, again }: { username: string; done: (added: Added) => void; again: () => void }) {
  const [code, setCode] = useState("");
  const begin = useMutation({ mutationFn: beginTotp });
  const confirm = useMutation({ mutationFn: () => confirmTotp(code), onSuccess: done });
  const passkey = useMutation({ mutationFn: () => addPasskey("First passkey"), onSuccess: done });
  const error = begin.error ?? confirm.error ?? passkey.error;
  return (
    <Card title="Set up a second factor" submit={() => confirm.mutate()} error={error}>
      {begin.data === undefined ? (
        <>
          <p>Your role needs one, {username}. A passkey is the safer one: no page can lure it away.</p>
          {passkeysWork() && (
            <Button data-testid="enrol-passkey" loading={passkey.isPending} onClick={() => passkey.mutate()} fullWidth size="sm">
              Register a passkey
            </Button>
          )}
          <Button variant="default" data-testid="enrol-totp" loading={begin.isPending} onClick={() => begin.mutate()} fullWidth>
            Use an authenticator app
          </Button>
        </>
      ) : (
        <>
          <NewSecret made={begin.data} />
          <TextInput
            label="Code that the app shows"
            data-testid="enrol-code"
            autoComplete="one-time-code"
            autoFocus
            required
            withAsterisk={false}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <Button type="submit" data-testid="enrol-confirm" loading={confirm.isPending} fullWidth size="sm">
            Confirm
          </Button>
        </>
      )}
      <Button variant="subtle" onClick={again} fullWidth>
        Start again
      </Button>
    </Card>
  );
}
