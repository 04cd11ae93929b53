import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { createToken } from "../../api/accounts";
import { CopyLine } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { Outcome } from "./password-form";
import classes from "./settings.module.css";

export function TokenForm({ username }: { username: string }) {
  const [name, setName] = useState("");
  const [password, setOwn] = useState("");
  const create = useMutation({ mutationFn: () => createToken(username, password, name), onSuccess: () => setOwn("") });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form className={classes.inner} onSubmit={submit}>
      <TextInput
        label="Name"
        description="What will use it"
        required
        withAsterisk={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label="Your password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setOwn(event.currentTarget.value)}
      />
      <Outcome error={create.error} done={null} />
      {create.data !== undefined && (
        <>
          <CopyLine text={create.data.token} label="Copy the token" />
          <p className={parts.dim}>Shown only now. Use it as FLEETSCOPE_TOKEN.</p>
        </>
      )}
      <Button type="submit" loading={create.isPending}>
        Make a token
      </Button>
    </form>
  );
}
