import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { createToken } from "../../api/accounts";
import { CopyLine } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { Outcome, PasswordField, SettingsForm } from "./form-parts";

export function TokenForm({ username }: { username: string }) {
  const [name, setName] = useState("");
  const [password, setOwn] = useState("");
  const create = useMutation({ mutationFn: () => createToken(username, password, name), onSuccess: () => setOwn("") });
  return (
    <SettingsForm submit={() => create.mutate()}>
      <TextInput
        label="Name"
        description="What will use it"
        required
        withAsterisk={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordField label="Your password" autoComplete="current-password" value={password} change={setOwn} />
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
    </SettingsForm>
  );
}
