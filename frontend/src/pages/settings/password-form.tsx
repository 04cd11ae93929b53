import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { setPassword } from "../../api/accounts";
import { errorText } from "../../ui/parts";
import classes from "./settings.module.css";

export function PasswordForm({ askCurrent }: { askCurrent: boolean }) {
  const [password, setOwn] = useState("");
  const [current, setCurrent] = useState("");
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => setPassword(password, current),
    onSuccess: () => {
      setOwn("");
      setCurrent("");
      void client.invalidateQueries({ queryKey: ["me"] });
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className={classes.inner} onSubmit={submit}>
      {askCurrent && (
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
      )}
      <PasswordInput
        label="New password"
        autoComplete="new-password"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setOwn(event.currentTarget.value)}
      />
      <Outcome error={save.error} done={save.isSuccess ? "The password is changed." : null} />
      <Button type="submit" loading={save.isPending}>
        Change password
      </Button>
    </form>
  );
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
