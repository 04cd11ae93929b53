import { Button } from "@mantine/core";
import { useState } from "react";

interface Props {
  readonly name: string;
  readonly sure: string;
  readonly label: string;
  readonly busy: boolean;
  readonly act: () => void;
  readonly testid?: string;
}

/** Asks once more in its own place; leaving it takes the question back. */
export function SureButton({ name, sure, label, busy, act, testid }: Props) {
  const [asked, setAsked] = useState(false);
  return (
    <Button
      variant={asked ? "filled" : "default"}
      {...(asked ? { color: "red" } : {})}
      aria-label={asked ? `${label}: ${sure}` : label}
      loading={busy}
      onBlur={() => setAsked(false)}
      onClick={() => {
        setAsked(!asked);
        if (asked) act();
      }}
      data-testid={testid}
    >
      {asked ? sure : name}
    </Button>
  );
}
