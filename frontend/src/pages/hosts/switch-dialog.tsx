import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { revokeHost, switchFleet, switchHost } from "../../api/fleet";
import { errorText } from "../../ui/parts";

export type SwitchTarget =
  | { readonly kind: "fleet"; readonly off: boolean }
  | { readonly kind: "host"; readonly id: string; readonly name: string; readonly off: boolean }
  | { readonly kind: "revoke"; readonly id: string; readonly name: string };

interface Words {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly severe: boolean;
}

function wordsOf(target: SwitchTarget): Words {
  if (target.kind === "revoke") {
    const text = "Its runs stop, its certificate is refused from now on, and it has to join anew to come back. Its sessions stay.";
    return { title: `Remove ${target.name} from the fleet`, text, button: "Remove", severe: true };
  }
  const where = target.kind === "host" ? target.name : "the whole fleet";
  if (!target.off) {
    return {
      title: `Allow tracing on ${where}`,
      text: "New sessions may start there again, within the host's own policy.",
      button: "Allow tracing",
      severe: false,
    };
  }
  const text = "Every run there stops at once and new ones are refused until tracing is allowed again.";
  return { title: `Stop all tracing on ${where}`, text, button: "Stop all tracing", severe: true };
}

function carryOut(target: SwitchTarget, reason: string): Promise<unknown> {
  switch (target.kind) {
    case "fleet":
      return switchFleet(target.off, reason);
    case "host":
      return switchHost(target.id, target.off, reason);
    case "revoke":
      return revokeHost(target.id, reason);
  }
}

/** The off switch, for one host or all of them, and removal: each asks for a reason, which the audit keeps. */
export function SwitchDialog({ target, close }: { target: SwitchTarget | null; close: () => void }) {
  return (
    <Modal opened={target !== null} onClose={close} title={target === null ? "" : wordsOf(target).title}>
      {target !== null && <SwitchForm target={target} done={close} />}
    </Modal>
  );
}

function SwitchForm({ target, done }: { target: SwitchTarget; done: () => void }) {
  const words = wordsOf(target);
  const [reason, setReason] = useState("");
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => carryOut(target, reason),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["hosts"] });
      done();
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <form onSubmit={submit} style={{ display: "grid", gap: 14 }}>
      <p>{words.text}</p>
      <TextInput label="Reason" required data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
      {change.error !== null && <p role="alert">{errorText(change.error)}</p>}
      <Button type="submit" {...(words.severe ? { color: "red" } : {})} loading={change.isPending}>
        {words.button}
      </Button>
    </form>
  );
}
