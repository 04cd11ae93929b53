import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { signRequest } from "../../api/consent";
import { factors } from "../../api/factors";
import { passkeysWork } from "../../api/passkey";
import { request as requestQuery, type Request } from "../../api/requests";
import { CopyLine, errorText } from "../../ui/parts";
import classes from "./requests.module.css";

/** Signs the text beside it: here with a passkey, or by the command, which shows what it signs. */
export function Sign({ request, own }: { request: Request; own: boolean }) {
  const verb = own ? "sign" : "approve";
  return (
    <div className={classes.sign}>
      <p>{own ? "Hosts want your signature on the text that is shown here." : "Hosts want this text signed by you, if you agree."}</p>
      <SignByPasskey request={request} verb={verb} />
      <div data-testid="sign-command">
        <p>Or with an ssh key, by a command that shows what it signs:</p>
        <CopyLine text={`fleetscope requests ${verb} ${request.id} --key ~/.ssh/id_ed25519`} label="Copy the command" />
      </div>
    </div>
  );
}

function SignByPasskey({ request, verb }: { request: Request; verb: "sign" | "approve" }) {
  const client = useQueryClient();
  const own = useQuery(factors).data;
  const sign = useMutation({
    mutationFn: (mine: NonNullable<typeof own>) => signRequest(request, mine, verb),
    onSuccess: (changed) => client.setQueryData(requestQuery(request.id).queryKey, changed),
    onSettled: () => void client.invalidateQueries({ queryKey: ["requests"] }),
  });
  if (own === undefined) return null;
  if (own.passkeys.length === 0 || !passkeysWork()) {
    return (
      <p data-testid="sign-no-passkey">
        {passkeysWork() ? "You have no passkey here; " : "This browser has no passkeys at this address; "}
        <Link to="/settings">the settings</Link> say how to get one.
      </p>
    );
  }
  return (
    <>
      <Button data-testid="sign-passkey" loading={sign.isPending} onClick={() => sign.mutate(own)}>
        {verb === "sign" ? "Sign with a passkey" : "Agree: sign with a passkey"}
      </Button>
      {sign.error !== null && (
        <p className={classes.error} role="alert" data-testid="sign-error">
          {errorText(sign.error)}
        </p>
      )}
    </>
  );
}
