import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { signOutEverywhere } from "../../api/sign-ins";
import { errorText } from "../../ui/parts";

/** Ends every browser of another person. */
export function SignOutButton({ username }: { username: string }) {
  const [sure, setSure] = useState(false);
  const end = useMutation({ mutationFn: () => signOutEverywhere(username), onSettled: () => setSure(false) });
  if (end.error !== null) return <span role="alert">{errorText(end.error)}</span>;
  return (
    <Button
      variant={sure ? "filled" : "default"}
      color={sure ? "red" : undefined}
      aria-label={`Sign ${username} out everywhere`}
      loading={end.isPending}
      onBlur={() => setSure(false)}
      onClick={() => (sure ? end.mutate() : setSure(true))}
    >
      {sure ? "End them all" : end.isSuccess ? "Signed out" : "Sign out"}
    </Button>
  );
}
