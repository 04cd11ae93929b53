import { describe, expect, it } from "vitest";
import type { Grant } from "../../api/teams";
import { boundProblem, boundsText, complete, draftOf, emptyDraft, everyHost, holderText, labelProblem, termsOf } from "./terms";

const grant: Grant = {
  id: 7,
  person: null,
  holders: "web",
  role: "tracer",
  team: "web",
  host_names: ["web-1", "web-2"],
  host_labels: { env: "dev", note: "a=b" },
  risk: "s1",
  max_seconds: 300,
  max_rows: 10_000,
  max_budget_permille: 25,
  max_hosts: null,
  break_glass: true,
  issuer: null,
};

describe("a grant in the form", () => {
  it("comes back as it was", () => {
    const { id, issuer, ...terms } = grant;
    expect([id, issuer]).toEqual([7, null]);
    expect(termsOf(draftOf(grant))).toEqual(terms);
  });

  it("is for one person of one team, on every host and without bounds, unless told otherwise", () => {
    expect(termsOf({ ...emptyDraft("web"), name: "ann" })).toEqual({
      person: "ann",
      holders: null,
      role: "viewer",
      team: "web",
      host_names: [],
      host_labels: {},
      risk: "s2",
      max_seconds: null,
      max_rows: null,
      max_budget_permille: null,
      max_hosts: null,
      break_glass: false,
    });
    expect(termsOf({ ...emptyDraft(""), name: "ann" }).team).toBeNull();
  });

  it("leaves out of an auditor's what says nothing about the audit", () => {
    const terms = termsOf({ ...draftOf(grant), role: "auditor" });
    expect([terms.holders, terms.team, terms.host_names, terms.host_labels, terms.max_seconds]).toEqual(["web", null, [], {}, null]);
    expect(complete({ ...draftOf(grant), role: "auditor", labels: ["wrong"] })).toBe(true);
  });

  it("is sent only when it has a holder, and bounds and labels that can be read", () => {
    const draft = draftOf(grant);
    expect(complete(draft)).toBe(true);
    expect(complete({ ...draft, name: " " })).toBe(false);
    expect(complete({ ...draft, labels: ["=dev"] })).toBe(false);
    expect(complete({ ...draft, bounds: { ...draft.bounds, max_seconds: "soon" } })).toBe(false);
  });
});

describe("what was typed", () => {
  it("is no bound when empty, and has to be 1 or more", () => {
    expect(boundProblem("max_rows", "")).toBeNull();
    expect(boundProblem("max_rows", "10k")).toBeNull();
    expect(boundProblem("max_hosts", "0")).toContain("leave it empty");
    expect(boundProblem("max_seconds", "500ms")).toContain("90s");
    expect(boundProblem("max_budget_permille", "3%")).toBeNull();
  });

  it("is a label with a key", () => {
    expect(labelProblem(["env=dev", "empty="])).toBeNull();
    expect(labelProblem(["env"])).toBe("Write key=value.");
  });
});

describe("a grant in the list", () => {
  it("says who holds it, where and how far", () => {
    expect(holderText(grant)).toBe("members of web");
    expect(holderText({ ...grant, person: "ann", holders: null })).toBe("ann");
    expect(boundsText(grant)).toBe("5m, 10000 rows, 2.5% CPU");
    expect(boundsText({ ...grant, max_seconds: null, max_rows: null, max_budget_permille: null })).toBe("no bounds");
    expect([everyHost(grant), everyHost({ ...grant, host_names: [] }), everyHost({ ...grant, host_names: [], host_labels: {} })]).toEqual([
      false,
      false,
      true,
    ]);
  });
});
