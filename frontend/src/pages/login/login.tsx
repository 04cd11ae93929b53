import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, type ReactNode, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { type Me, login, setPassword } from "../../api/accounts";
import { errorText, useTitle } from "../../ui/parts";
import classes from "./login.module.css";

/** Sign in; after a one-time password, ask for an own one, which can wait. */
export function LoginPage() {
  useTitle("Sign in");
  const client = useQueryClient();
  const navigate = useNavigate();
  const from = (useLocation().state as { from?: string } | null)?.from ?? "/hosts";
  const [signedIn, setSignedIn] = useState<Me | null>(null);
  const enter = (me: Me): void => {
    client.setQueryData(["me"], me);
    void navigate(from, { replace: true });
  };
  if (signedIn !== null) return <ChoosePassword me={signedIn} done={enter} />;
  return <SignIn done={(me) => (me.one_time ? setSignedIn(me) : enter(me))} />;
}

function SignIn({ done }: { done: (me: Me) => void }) {
  const [username, setUsername] = useState("");
  const [password, setOwn] = useState("");
  const attempt = useMutation({ mutationFn: () => login(username, password), onSuccess: done });
  return (
    <Card title="Sign in to Fleetscope" submit={() => attempt.mutate()} error={attempt.error}>
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
    </Card>
  );
}

function ChoosePassword({ me, done }: { me: Me; done: (me: Me) => void }) {
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

function Card({ title, submit, error, children }: { title: string; submit: () => void; error: Error | null; children: ReactNode }) {
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    submit();
  };
  return (
    <div className={classes.page}>
      <main className={classes.card}>
        <svg
          className={classes.screen}
          viewBox="0 0 360 76"
          preserveAspectRatio="none"
          aria-hidden="true"
          fill="none"
          stroke="currentColor"
        >
          <path d="M0 38h360M60 0v76M120 0v76M180 0v76M240 0v76M300 0v76" strokeWidth="1" strokeDasharray="1 4" opacity="0.35" />
          <path
            d="M0 44h70l9-6 8 6h40l8-30 12 52 9-40 6 18h44l8-6 9 6h36l7-18 10 26 8-14 5 6h71"
            strokeWidth="1.8"
            strokeLinejoin="round"
          />
        </svg>
        <form className={classes.form} onSubmit={onSubmit}>
          <h1>{title}</h1>
          {error !== null && (
            <p role="alert" className={classes.error} data-testid="login-error">
              {errorText(error)}
            </p>
          )}
          {children}
        </form>
      </main>
    </div>
  );
}
