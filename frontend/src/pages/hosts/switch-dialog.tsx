import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { switchFleet, switchHost } from "../../api/fleet";
import { errorText } from "../../ui/parts";

export type SwitchTarget =
  | { readonly kind: "fleet"; readonly off: boolean }
  | { readonly kind: "host"; readonly id: string; readonly name: string; readonly off: boolean };

/** The off switch, for one host or all of them: it asks for a reason, which the audit keeps. */
export function SwitchDialog({ target, close }: { target: SwitchTarget | null; close: () => void }) {
  const what = target?.kind === "host" ? target.name : "the whole fleet";
  const title = target?.off === false ? `Allow tracing on ${what}` : `Stop all tracing on ${what}`;
  return (
    <Modal opened={target !== null} onClose={close} title={title}>
      {target !== null && <SwitchForm target={target} done={close} />}
    </Modal>
  );
}

function SwitchForm({ target, done }: { target: SwitchTarget; done: () => void }) {
  const [reason, setReason] = useState("");
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () =>
      target.kind === "host" ? switchHost(target.id, target.off, reason) : switchFleet(target.off, reason),
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
      <p>
        {target.off
          ? "Every run there stops at once and new ones are refused until tracing is allowed again."
          : "New sessions may start there again, within the host's own policy."}
      </p>
      <TextInput label="Reason" required data-autofocus value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
      {change.error !== null && <p role="alert">{errorText(change.error)}</p>}
      <Button type="submit" color={target.off ? "red" : undefined} loading={change.isPending}>
        {target.off ? "Stop all tracing" : "Allow tracing"}
      </Button>
    </form>
  );
}
