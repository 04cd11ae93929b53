import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { setPassword } from "../../api/accounts";
import { Outcome, PasswordField, SettingsForm } from "./form-parts";

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
  return (
    <SettingsForm submit={() => save.mutate()}>
      {askCurrent && <PasswordField label="Current password" autoComplete="current-password" value={current} change={setCurrent} />}
      <PasswordField label="New password" autoComplete="new-password" value={password} change={setOwn} />
      <Outcome error={save.error} done={save.isSuccess ? "The password is changed." : null} />
      <Button type="submit" loading={save.isPending}>
        Change password
      </Button>
    </SettingsForm>
  );
}
