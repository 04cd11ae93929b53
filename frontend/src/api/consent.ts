import { signWithPasskey } from "./passkey";
import { answerRequest, type Request } from "./requests";
import type { Factors } from "./factors";

type Assertion = Record<"authenticatorData" | "clientDataJSON" | "signature", string>; // base64url

/** As `challenge` of proto/specification.py: hosts compute the same from the bytes that they get. */
export async function consentChallenge(specification: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(`fleetscope-consent-v1\0${specification}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** Signs the text that the page shows with one of the person's passkeys, and hands it in. Throws an ApiError. */
export async function signRequest(request: Request, own: Pick<Factors, "rp_id" | "passkeys">, verb: "sign" | "approve"): Promise<Request> {
  const ids = own.passkeys.map(({ credential_id }) => credential_id);
  const { response } = await signWithPasskey(await consentChallenge(request.specification), own.rp_id, ids);
  const made = response as Assertion;
  const passkey = { authenticator_data: made.authenticatorData, client_data: made.clientDataJSON, signature: made.signature };
  return answerRequest(request.id, verb, { signature: { passkey } });
}
