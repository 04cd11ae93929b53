import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "react-router";
import { login, loginWithPasskey, type Step } from "../../api/factors";
import { leave, provider } from "../../api/oidc";
import { passkeysWork } from "../../api/passkey";
import { useTitle } from "../../ui/parts";
import { Card } from "./card";
import { keepPlace } from "./place";
import { SignInSteps } from "./steps";

/** Sign in, step by step. */
export function LoginPage() {
  useTitle("Sign in");
  const from = (useLocation().state as { from?: string } | null)?.from ?? "/";
  const [first, setFirst] = useState<Step | null>(null);
  if (first === null) return <SignIn done={setFirst} from={from} />;
  return <SignInSteps first={first} from={from} again={() => setFirst(null)} />;
}

function SignIn({ done, from }: { done: (step: Step) => void; from: string }) {
  const [username, setUsername] = useState("");
  const [password, setOwn] = useState("");
  const attempt = useMutation({ mutationFn: () => login(username, password), onSuccess: done });
  const passkey = useMutation({ mutationFn: loginWithPasskey, onSuccess: done, onMutate: () => attempt.reset() });
  const { data: known } = useQuery(provider);
  const away = useMutation({
    mutationFn: () => {
      keepPlace(from);
      return leave("begin");
    },
  });
  return (
    <Card title="Sign in to Fleetscope" submit={() => attempt.mutate()} error={attempt.error ?? passkey.error ?? away.error}>
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
      {known != null && known.name !== null && (
        <Button variant="default" data-testid="login-provider" loading={away.isPending} onClick={() => away.mutate()} fullWidth>
          Sign in with {known.name}
        </Button>
      )}
    </Card>
  );
}
