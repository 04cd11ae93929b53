import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation, useNavigate } from "react-router";
import type { Me } from "../../api/accounts";
import { login, loginWithPasskey, type Step } from "../../api/factors";
import { passkeysWork } from "../../api/passkey";
import { useTitle } from "../../ui/parts";
import { Card } from "./card";
import { ChoosePassword } from "./choose-password";
import { Enrol } from "./enrol";
import { SecondFactor } from "./second-factor";

/** Sign in, step by step; after a one-time password, ask for an own one, which can wait. */
export function LoginPage() {
  useTitle("Sign in");
  const client = useQueryClient();
  const navigate = useNavigate();
  const from = (useLocation().state as { from?: string } | null)?.from ?? "/hosts";
  const [step, setStep] = useState<Step | null>(null);
  const enter = (me: Me): void => {
    client.setQueryData(["me"], me);
    void navigate(from, { replace: true });
  };
  const take = (next: Step): void => {
    if (next.me && !next.me.one_time) enter(next.me);
    else setStep(next);
  };
  const again = (): void => setStep(null);
  if (step === null) return <SignIn done={take} />;
  if (step.me) return <ChoosePassword me={step.me} done={enter} />;
  if (step.step === "enrol") return <Enrol username={step.username} done={take} again={again} />;
  return <SecondFactor step={step} done={take} again={again} />;
}

function SignIn({ done }: { done: (step: Step) => void }) {
  const [username, setUsername] = useState("");
  const [password, setOwn] = useState("");
  const attempt = useMutation({ mutationFn: () => login(username, password), onSuccess: done });
  const passkey = useMutation({ mutationFn: loginWithPasskey, onSuccess: done, onMutate: () => attempt.reset() });
  return (
    <Card title="Sign in to Fleetscope" submit={() => attempt.mutate()} error={attempt.error ?? passkey.error}>
      <TextInput
        label="User name"
        data-testid="login-username"
        autoComplete="username"
        autoFocus
        required
        withAsterisk={false}
        value={username}
        onChange={(event) => setUsername(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        data-testid="login-password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        value={password}
        onChange={(event) => setOwn(event.currentTarget.value)}
      />
      <Button type="submit" data-testid="login-submit" loading={attempt.isPending} fullWidth size="sm">
        Sign in
      </Button>
      {passkeysWork() && (
        <Button variant="default" data-testid="login-passkey" loading={passkey.isPending} onClick={() => passkey.mutate()} fullWidth>
          Sign in with a passkey
        </Button>
      )}
    </Card>
  );
}
