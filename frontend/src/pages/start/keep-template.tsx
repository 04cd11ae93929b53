import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { keepTemplate } from "../../api/templates";
import type { StartRequest } from "../../api/tracing";
import { errorText } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import classes from "./start.module.css";

interface Props {
  readonly order: StartRequest;
  /** Why it cannot be kept; null: it can. */
  readonly why: string | null;
  readonly disabled: boolean;
}

/** The same order for later: an alert's webhook or a schedule starts it. */
export function KeepTemplate({ order, why, disabled }: Props) {
  const [opened, setOpened] = useState(false);
  if (why !== null) {
    return (
      <p className={parts.dim} data-testid="template-why-not">
        {why}
      </p>
    );
  }
  return (
    <>
      <Button variant="default" disabled={disabled} onClick={() => setOpened(true)} data-testid="template-keep">
        Keep as a template…
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title="Keep as a template">
        <KeepForm order={order} />
      </Modal>
    </>
  );
}

/** React hands its submit on to the form that starts, in which the dialog stands: it must not get there. */
function KeepForm({ order }: { order: StartRequest }) {
  const [name, setName] = useState("");
  const [schedule, setSchedule] = useState("");
  const keep = useMutation({ mutationFn: () => keepTemplate(order, name.trim(), schedule.trim()) });
  if (keep.data !== undefined) return <Kept name={keep.data.name} />;
  return (
    <form
      className={classes.inner}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        keep.mutate();
      }}
    >
      <p className={parts.dim}>It starts as you, while you may start it. Only sessions of class S0 and S1 start with nobody there.</p>
      <TextInput label="Name" data-autofocus maxLength={64} value={name} onChange={(event) => setName(event.currentTarget.value)} data-testid="template-name" />
      <TextInput
        label="Schedule"
        description="Minute, hour, day, month and weekday, in UTC; leave it empty for a webhook alone"
        placeholder="0 6 * * 1-5"
        value={schedule}
        onChange={(event) => setSchedule(event.currentTarget.value)}
        data-testid="template-schedule"
      />
      {keep.error !== null && (
        <p className={classes.error} role="alert">
          {errorText(keep.error)}
        </p>
      )}
      <Button type="submit" loading={keep.isPending} disabled={name.trim() === ""} data-testid="template-submit">
        Keep it
      </Button>
    </form>
  );
}

function Kept({ name }: { name: string }) {
  return (
    <p role="status" data-testid="template-kept">
      Kept as {name}. Its token for webhooks is made under <Link to="/settings">Settings, Templates</Link>.
    </p>
  );
}
