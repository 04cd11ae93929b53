import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { User } from "../../api/accounts";
import { resetFactors } from "../../api/factors";
import { errorText } from "../../ui/parts";
import { useConfirmed } from "./confirm";
import styles from "./factors.module.css";

const NAMES: Record<string, string> = { passkey: "passkey", totp: "app", recovery: "codes" };

/** Another person's second factors, and taking them away when they are lost. */
export function FactorsOf({ user, changed }: { user: User; changed: () => void }) {
  const [sure, setSure] = useState(false);
  const { confirmed, dialog } = useConfirmed();
  const reset = useMutation({
    mutationFn: () => confirmed(() => resetFactors(user.username)),
    onSettled: () => {
      setSure(false);
      changed();
    },
  });
  if (user.factors.length === 0) return <span className={styles.hint}>none</span>;
  return (
    <div className={styles.row}>
      <span>{reset.error === null ? user.factors.map((factor) => NAMES[factor] ?? factor).join(", ") : errorText(reset.error)}</span>
      <Button
        variant={sure ? "filled" : "default"}
        color={sure ? "red" : undefined}
        aria-label={`Take the second factors from ${user.username}`}
        loading={reset.isPending}
        onBlur={() => setSure(false)}
        onClick={() => (sure ? reset.mutate() : setSure(true))}
      >
        {sure ? "Take them away" : "Reset"}
      </Button>
      {dialog}
    </div>
  );
}
