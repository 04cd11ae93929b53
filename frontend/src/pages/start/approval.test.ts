import { expect, it } from "vitest";
import { whyApproval } from "./approval";

const quiet = { name: "a", approvals_needed: 0 };
const strict = { name: "b", approvals_needed: 2 };

it("is needed for plaintext where a host wants signatures", () => {
  expect(whyApproval("s3", [quiet, strict], 10)).toBe("b wants plaintext signed by you and 2 others.");
  expect(whyApproval("s3", [quiet], 10)).toBeNull();
  expect(whyApproval("s2", [strict], 10)).toBeNull();
  expect(whyApproval("s3", [{ name: "c", approvals_needed: 1 }], 10)).toBe("c wants plaintext signed by you and 1 other.");
});

it("is needed on more hosts than one person may start alone", () => {
  expect(whyApproval("s0", [quiet, strict], 1)).toBe("It runs on 2 hosts; more than 1 needs somebody else to agree.");
  expect(whyApproval("s0", [quiet, strict], 0)).toBeNull();
});
