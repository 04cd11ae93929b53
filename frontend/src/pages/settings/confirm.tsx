import { Button, Modal, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { confirmWithCode, confirmWithPasskey, confirmWithPassword, factors } from "../../api/factors";
import { ApiError } from "../../api/http";
import { Outcome, SettingsForm } from "./form-parts";

interface Waiting {
  retry: () => void;
  stop: (error: Error) => void;
}

/** Runs an action; when the server first wants to know that it is really you, asks and runs it again. */
export function useConfirmed(): { confirmed: <T>(action: () => Promise<T>) => Promise<T>; dialog: ReactNode } {
  const [waiting, setWaiting] = useState<Waiting | null>(null);
  const ask = (): Promise<void> => new Promise((retry, stop) => setWaiting({ retry, stop }));
  const confirmed = async <T,>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "confirm") throw error;
      await ask().finally(() => setWaiting(null));
      return action();
    }
  };
  const cancel = (): void => waiting?.stop(new Error("Nothing was changed: it was not confirmed that it is you."));
  return { confirmed, dialog: waiting !== null && <ConfirmDialog done={waiting.retry} cancel={cancel} /> };
}

function ConfirmDialog({ done, cancel }: { done: () => void; cancel: () => void }) {
  const { data } = useQuery(factors);
  const [secret, setSecret] = useState("");
  const ways = data?.confirm ?? [];
  const byPassword = ways.includes("password");
  const typed = useMutation({ mutationFn: () => (byPassword ? confirmWithPassword(secret) : confirmWithCode(secret)), onSuccess: done });
  const passkey = useMutation({ mutationFn: confirmWithPasskey, onSuccess: done });
  const field = {
    "data-testid": "confirm-secret",
    "data-autofocus": true,
    required: true,
    withAsterisk: false,
    value: secret,
    onChange: (event: { currentTarget: { value: string } }) => setSecret(event.currentTarget.value),
  };
  return (
    <Modal opened onClose={cancel} title="Confirm that it is you" size="sm">
      <SettingsForm submit={() => typed.mutate()}>
        {data !== undefined && ways.length === 0 && <p>You sign in elsewhere: sign out, sign in again, and repeat this within 15 minutes.</p>}
        {ways.includes("passkey") && (
          <Button data-testid="confirm-passkey" loading={passkey.isPending} onClick={() => passkey.mutate()}>
            Use a passkey
          </Button>
        )}
        {byPassword && <PasswordInput label="Your password" autoComplete="current-password" {...field} />}
        {(ways.includes("totp") || ways.includes("recovery")) && (
          <TextInput label="Code of the app, or a recovery code" autoComplete="one-time-code" {...field} />
        )}
        <Outcome error={typed.error ?? passkey.error} done={null} />
        {ways.some((way) => way !== "passkey") && (
          <Button type="submit" data-testid="confirm-submit" loading={typed.isPending}>
            Confirm
          </Button>
        )}
      </SettingsForm>
    </Modal>
  );
}
