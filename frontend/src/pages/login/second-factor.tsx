import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { loginWithCode, loginWithPasskey, type Step } from "../../api/factors";
import { Card } from "./card";

/** After the password: a passkey, the app's code, or a recovery code. */
export function SecondFactor({ step, done, again }: { step: Step; done: (step: Step) => void; again: () => void }) {
  const [code, setCode] = useState("");
  const typed = useMutation({ mutationFn: () => loginWithCode(code), onSuccess: done, onError: () => setCode("") });
  const passkey = useMutation({ mutationFn: loginWithPasskey, onSuccess: done, onMutate: () => typed.reset() });
  const app = step.methods.includes("totp");
  return (
    <Card title="Second factor" submit={() => typed.mutate()} error={typed.error ?? passkey.error}>
      <p>{app ? "The code that your authenticator app shows now, or a recovery code." : "Your passkey, or a recovery code."}</p>
      {step.methods.includes("passkey") && (
        <Button data-testid="factor-passkey" loading={passkey.isPending} onClick={() => passkey.mutate()} fullWidth size="sm">
          Use a passkey
        </Button>
      )}
      <TextInput
        label={app ? "Code" : "Recovery code"}
        data-testid="factor-code"
        autoComplete="one-time-code"
        autoFocus
        required
        withAsterisk={false}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      <Button
        type="submit"
        variant={step.methods.includes("passkey") ? "default" : "filled"}
        data-testid="factor-submit"
        loading={typed.isPending}
        fullWidth
        size="sm"
      >
        Go on
      </Button>
      <Button variant="subtle" onClick={again} fullWidth>
        Start again
      </Button>
    </Card>
  );
}
