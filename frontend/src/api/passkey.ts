import { ApiError } from "./http";

/** Options as the server makes them: WebAuthn's JSON form. */
export type PasskeyOptions = Record<string, unknown>;
export type PasskeyAnswer = Record<string, unknown>;

export function passkeysWork(): boolean {
  return typeof PublicKeyCredential === "function" && typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function";
}

/** Lets the person make a passkey. Throws an ApiError that says what to do. */
export async function makePasskey(options: PasskeyOptions): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as unknown as PublicKeyCredentialCreationOptionsJSON);
  return answer(() => navigator.credentials.create({ publicKey }));
}

/** Lets the person sign the options' challenge with a passkey. Throws an ApiError that says what to do. */
export async function askPasskey(options: PasskeyOptions): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as unknown as PublicKeyCredentialRequestOptionsJSON);
  return answer(() => navigator.credentials.get({ publicKey }));
}

/** Signs exactly these bytes, for whoever verifies them later. `rpId`: the name that the passkeys are bound to. */
export function signWithPasskey(challenge: Uint8Array, rpId: string, credentialIds: readonly string[]): Promise<PasskeyAnswer> {
  const allowCredentials = credentialIds.map((id) => ({ type: "public-key", id }));
  return askPasskey({ challenge: base64url(challenge), rpId, allowCredentials, userVerification: "required" });
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

async function answer(ask: () => Promise<Credential | null>): Promise<PasskeyAnswer> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential.toJSON() as PasskeyAnswer;
  } catch (error) {
    throw new ApiError(0, "passkey", trouble(error), null);
  }
  throw new ApiError(0, "passkey", "The browser gave no passkey; try again.", null);
}

function trouble(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "InvalidStateError") return "This passkey is registered already; use it, or choose another device.";
  if (name === "NotAllowedError") return "The passkey was not used: cancelled, or the time ran out. Try again.";
  if (name === "SecurityError") {
    return "This address cannot have passkeys; open Fleetscope at the address that its server was set up with.";
  }
  return `The passkey failed: ${String(error)}`;
}
