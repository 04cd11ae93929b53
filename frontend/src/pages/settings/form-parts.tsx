import { PasswordInput } from "@mantine/core";
import type { ReactNode } from "react";
import { errorText } from "../../ui/parts";
import classes from "./settings.module.css";

/** A form of this page: sent by its button or by Enter. */
export function SettingsForm({ submit, children }: { submit: () => void; children: ReactNode }) {
  return (
    <form
      className={classes.inner}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {children}
    </form>
  );
}

interface PasswordFieldProps {
  label: string;
  autoComplete: "current-password" | "new-password";
  value: string;
  change: (value: string) => void;
}

export function PasswordField({ change, ...rest }: PasswordFieldProps) {
  return <PasswordInput required withAsterisk={false} onChange={(event) => change(event.currentTarget.value)} {...rest} />;
}

export function Outcome({ error, done }: { error: Error | null; done: string | null }) {
  if (error !== null) {
    return (
      <p role="alert" className={classes.error}>
        {errorText(error)}
      </p>
    );
  }
  return done === null ? null : (
    <p role="status" className={classes.done}>
      {done}
    </p>
  );
}
