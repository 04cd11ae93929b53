import { useMutation } from "@tanstack/react-query";
import { signOutEverywhere } from "../../api/sign-ins";
import { errorText } from "../../ui/parts";
import { SureButton } from "../../ui/sure-button";

/** Ends every browser of another person. */
export function SignOutButton({ username }: { username: string }) {
  const end = useMutation({ mutationFn: () => signOutEverywhere(username) });
  if (end.error !== null) return <span role="alert">{errorText(end.error)}</span>;
  return (
    <SureButton
      name={end.isSuccess ? "Signed out" : "Sign out"}
      sure="End them all"
      label={`Sign ${username} out everywhere`}
      busy={end.isPending}
      act={() => end.mutate()}
    />
  );
}
