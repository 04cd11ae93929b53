import { Button } from "@mantine/core";
import { useState } from "react";

interface Props {
  readonly name: string;
  /** null: nothing is lost by it, so it is not asked. */
  readonly sure: string | null;
  readonly label: string;
  readonly busy: boolean;
  readonly act: () => void;
  readonly testid?: string;
}

/** Asks once more in its own place; leaving it takes the question back. */
export function SureButton({ name, sure, label, busy, act, testid }: Props) {
  const [pressed, setAsked] = useState(false);
  const asked = pressed && sure !== null;
  return (
    <Button
      variant={asked ? "filled" : "default"}
      {...(asked ? { color: "red" } : {})}
      aria-label={asked ? `${label}: ${sure}` : label}
      loading={busy}
      onBlur={() => setAsked(false)}
      onClick={() => {
        setAsked(sure !== null && !asked);
        if (asked || sure === null) act();
      }}
      data-testid={testid}
    >
      {asked ? sure : name}
    </Button>
  );
}
