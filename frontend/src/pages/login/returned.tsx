import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Navigate, useLocation, useNavigate } from "react-router";
import { finish } from "../../api/oidc";
import { useTitle } from "../../ui/parts";
import { Card } from "./card";
import { takePlace } from "./place";
import { SignInSteps } from "./steps";

/** Where the OpenID provider sends the browser back to. */
export function ReturnedPage() {
  useTitle("Sign in");
  const { search } = useLocation();
  const navigate = useNavigate();
  const { data, error } = useQuery({ queryKey: ["returned", search], queryFn: () => finish(search), gcTime: Infinity });
  const [from] = useState(takePlace);
  const again = (): void => void navigate("/login", { replace: true });
  if (data?.step === null) return <Navigate to="/settings" replace />;
  if (data !== undefined) return <SignInSteps first={data.step} from={from} again={again} />;
  return (
    <Card title="Sign in to Fleetscope" submit={again} error={error}>
      {error === null ? (
        <p role="status">Checking who you are …</p>
      ) : (
        <Button type="submit" autoFocus fullWidth size="sm" data-testid="login-again">
          Start again
        </Button>
      )}
    </Card>
  );
}
