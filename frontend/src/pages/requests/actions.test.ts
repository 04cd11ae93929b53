import { describe, expect, it } from "vitest";
import type { Request } from "../../api/requests";
import { actionsOf, missing } from "./actions";

const base = {
  state: "waiting",
  created_by: "ada",
  needed: 1,
  signed: false,
  break_glass: false,
  review_due: false,
  voices: [],
} as unknown as Request;
const said = (person: string, part: "requester" | "approver") => ({ person, part, at: "", signed: true, key: "k", reason: "" });

describe("what a person can do with a request", () => {
  it("lets others who may approve agree or deny, and who asked withdraw", () => {
    expect(actionsOf(base, "bob", true)).toEqual(["approve", "deny"]);
    expect(actionsOf(base, "bob", false)).toEqual([]);
    expect(actionsOf(base, "ada", true)).toEqual(["withdraw"]);
  });

  it("leaves signing to the command line, for whoever has to", () => {
    const signed = { ...base, signed: true };
    expect(actionsOf(signed, "bob", true)).toEqual(["sign", "deny"]);
    expect(actionsOf(signed, "ada", true)).toEqual(["sign", "withdraw"]);
    expect(actionsOf({ ...signed, voices: [said("ada", "requester")] }, "ada", true)).toEqual(["withdraw"]);
  });

  it("lets who has agreed only deny, and nobody agree before break-glass", () => {
    expect(actionsOf({ ...base, voices: [said("bob", "approver")] }, "bob", true)).toEqual(["deny"]);
    expect(actionsOf({ ...base, signed: true, break_glass: true }, "bob", true)).toEqual(["deny"]);
  });

  it("lets only who asked start what is approved, and others deny it until then", () => {
    const approved = { ...base, state: "approved" } as Request;
    expect(actionsOf(approved, "ada", false)).toEqual(["start", "withdraw"]);
    expect(actionsOf(approved, "bob", true)).toEqual(["deny"]);
  });

  it("asks others for the review, and nobody for anything when it is over", () => {
    const due = { ...base, state: "started", review_due: true } as Request;
    expect(actionsOf(due, "bob", true)).toEqual(["review"]);
    expect(actionsOf(due, "ada", true)).toEqual([]);
    expect(actionsOf({ ...base, state: "denied" }, "bob", true)).toEqual([]);
  });

  it("says whose word is missing", () => {
    expect(missing({ ...base, signed: true })).toBe("the signature of ada and the agreement of 1 other");
    expect(missing({ ...base, needed: 2, voices: [said("bob", "approver")] })).toBe("the agreement of 1 other");
    expect(missing({ ...base, needed: 3 })).toBe("the agreement of 3 others");
    expect(missing({ ...base, signed: true, break_glass: true })).toBe("the signature of ada");
  });
});
