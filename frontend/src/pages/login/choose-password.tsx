import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type Me, setPassword } from "../../api/accounts";
import { Card } from "./card";

export function ChoosePassword({ me, done }: { me: Me; done: (me: Me) => void }) {
  const [password, setOwn] = useState("");
  const save = useMutation({
    mutationFn: () => setPassword(password),
    onSuccess: () => done({ ...me, one_time: false }),
  });
  return (
    <Card title="Choose a password" submit={() => save.mutate()} error={save.error}>
      <p>The one-time password is used up. Set your own now, or skip and do it later in Settings.</p>
      <input type="text" autoComplete="username" value={me.username} readOnly hidden />
      <PasswordInput
        label="New password"
        data-testid="password-new"
        autoComplete="new-password"
        autoFocus
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setOwn(event.currentTarget.value)}
      />
      <Button type="submit" data-testid="password-save" loading={save.isPending} fullWidth size="sm">
        Set password
      </Button>
      <Button variant="subtle" data-testid="password-skip" onClick={() => done(me)} fullWidth>
        Skip for now
      </Button>
    </Card>
  );
}
