import { signWithPasskey } from "./passkey";
import { answerRequest, type Request } from "./requests";
import type { Factors } from "./factors";
import type { Schemas } from "./schemas";

type Assertion = Record<"authenticatorData" | "clientDataJSON" | "signature", string>; // base64url

/** As `challenge` of proto/specification.py: hosts compute the same from the bytes that they get. */
export async function consentChallenge(specification: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(`fleetscope-consent-v1\0${specification}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export type Passkeys = Pick<Factors, "rp_id" | "passkeys">;
export type Signature = Schemas["SignatureIn"];

/** One of the person's passkeys signs the text that the page shows. Throws an ApiError. */
export async function passkeySignature(text: string, own: Passkeys): Promise<Signature> {
  const ids = own.passkeys.map(({ credential_id }) => credential_id);
  const { response } = await signWithPasskey(await consentChallenge(text), own.rp_id, ids);
  const made = response as Assertion;
  return { ssh: "", passkey: { authenticator_data: made.authenticatorData, client_data: made.clientDataJSON, signature: made.signature } };
}

/** Signs what the page shows and hands it in. Throws an ApiError. */
export async function signRequest(request: Request, own: Passkeys, verb: "sign" | "approve"): Promise<Request> {
  return answerRequest(request.id, verb, { signature: await passkeySignature(request.specification, own) });
}
