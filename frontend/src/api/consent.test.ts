import { expect, it, vi } from "vitest";
import { consentChallenge, signRequest } from "./consent";
import { base64url, signWithPasskey } from "./passkey";
import { answerRequest, type Request } from "./requests";

vi.mock("./passkey", async (original) => ({ ...(await original<typeof import("./passkey")>()), signWithPasskey: vi.fn() }));
vi.mock("./requests", () => ({ answerRequest: vi.fn() }));

// Of proto.specification.challenge(b"{}\n").
const CHALLENGE = "H3iEMHoCliDY5hAa1-1RVgrqOztO7onZvjB6ePkcpsk";

it("asks for a signature on the same digest of the text as hosts compute", async () => {
  expect(base64url(await consentChallenge("{}\n"))).toBe(CHALLENGE);
});

it("hands in what the passkey made of the shown text", async () => {
  const response = { authenticatorData: "YQ", clientDataJSON: "Yg", signature: "Yw" };
  vi.mocked(signWithPasskey).mockResolvedValue({ id: "AQ", response });
  const own = { rp_id: "localhost", passkeys: [{ credential_id: "AQ" }] } as Parameters<typeof signRequest>[1];
  await signRequest({ id: "7", specification: "{}\n" } as Request, own, "approve");
  expect(signWithPasskey).toHaveBeenCalledWith(await consentChallenge("{}\n"), "localhost", ["AQ"]);
  const passkey = { authenticator_data: "YQ", client_data: "Yg", signature: "Yw" };
  expect(answerRequest).toHaveBeenCalledWith("7", "approve", { signature: { ssh: "", passkey } });
});
