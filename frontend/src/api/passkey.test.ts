import { expect, test, vi } from "vitest";
import { base64url, passkeysWork, signWithPasskey } from "./passkey";

test("bytes become base64url without padding", () => {
  expect([new Uint8Array([]), new Uint8Array([251, 255]), new Uint8Array([1, 2, 3, 4])].map(base64url)).toEqual(["", "-_8", "AQIDBA"]);
});

test("a browser without passkeys is told apart", () => {
  expect(passkeysWork()).toBe(false);
});

test("a signature is asked for over exactly the given bytes, and a refusal says what to do", async () => {
  const parse = vi.fn((options: unknown) => options);
  vi.stubGlobal("PublicKeyCredential", Object.assign(() => undefined, { parseRequestOptionsFromJSON: parse }));
  const get = vi.fn(() => Promise.reject(Object.assign(new Error("no"), { name: "NotAllowedError" })));
  vi.stubGlobal("navigator", { credentials: { get } });
  await expect(signWithPasskey(new Uint8Array([251, 255]), "localhost", ["AQID"])).rejects.toThrow("cancelled, or the time ran out");
  expect(parse).toHaveBeenCalledWith({
    challenge: "-_8",
    rpId: "localhost",
    allowCredentials: [{ type: "public-key", id: "AQID" }],
    userVerification: "required",
  });
  vi.unstubAllGlobals();
});
