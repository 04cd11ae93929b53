import { visible } from "../../format/bytes-text";
import { Button, Checkbox, Modal } from "@mantine/core";
import { useState } from "react";
import parts from "../../ui/parts.module.css";
import classes from "./start.module.css";
import type { Approval } from "./use-approval";

interface Props {
  readonly plaintext: boolean;
  readonly hosts: readonly string[];
  readonly reason: string;
  readonly disabled: boolean;
  readonly approval: Approval;
  /** Why the person may not; empty: they may. */
  readonly refusal: string;
}

/** Starting alone what needs agreement: says what follows, and wants the reason first. */
export function BreakGlass({ plaintext, hosts, reason, disabled, approval, refusal }: Props) {
  const [open, setOpen] = useState(false);
  const [understood, setUnderstood] = useState(false);
  const close = (): void => {
    setOpen(false);
    setUnderstood(false);
  };
  const go = (): void => {
    close();
    approval.ask(true);
  };
  const missing = reason.trim() === "";
  return (
    <>
      <Button
        variant="default"
        size="sm"
        data-testid="break-glass"
        disabled={disabled || hosts.length === 0 || approval.pending || refusal !== ""}
        onClick={() => setOpen(true)}
      >
        Break the glass
      </Button>
      {refusal !== "" && (
        <p className={parts.dim} data-testid="break-glass-refusal">
          {visible(refusal)}
        </p>
      )}
      <Modal opened={open} onClose={close} title="Start without anybody's agreement?">
        <div className={classes.dialog} data-testid="break-glass-dialog">
          <p>For an emergency in which nobody can be asked. What follows:</p>
          <ul>
            {plaintext && <li>You sign it, with a key that the policy of {hosts.join(", ")} lists as your break-glass key; hosts refuse any other.</li>}
            <li>Everybody who may approve sees at once that you broke the glass, and why.</li>
            <li>Somebody else has to review it; until then it stays in their queue.</li>
            <li>It stands in the audit, here{plaintext && " and on every host"}.</li>
          </ul>
          {missing ? <p role="alert">Close this and write down the reason first.</p> : <p data-testid="break-glass-reason">Your reason: {visible(reason)}</p>}
          <Checkbox
            label="This cannot wait"
            data-testid="break-glass-understood"
            checked={understood}
            onChange={(event) => setUnderstood(event.currentTarget.checked)}
          />
          <Button color="red" data-testid="break-glass-go" disabled={!understood || missing} onClick={go}>
            Break the glass
          </Button>
        </div>
      </Modal>
    </>
  );
}
