import { describe, expect, it } from "vitest";
import type { Me } from "../api/accounts";
import { homeOf, isShut, placesOf } from "./places";

const NONE: Me["can"] = { look: false, password: true, start: false, reveal: false, stop_any: false, approve: false, admin: false, audit: false, grant: false };

describe("the places of a person", () => {
  it("are, for who only audits, the audit and the tools", () => {
    const auditor = { ...NONE, audit: true };
    expect(placesOf(auditor).map(({ to }) => to)).toEqual(["/tools", "/audit"]);
    expect(homeOf(auditor)).toBe("/audit");
    expect(["/hosts", "/sessions", "/requests"].every((address) => isShut(auditor, address))).toBe(true);
    expect(["/tools", "/audit", "/teams", "/settings"].some((address) => isShut(auditor, address))).toBe(false);
  });

  it("begin with the hosts for who may look", () => {
    const viewer = { ...NONE, look: true };
    expect(placesOf(viewer).map(({ to }) => to)).toEqual(["/hosts", "/tools", "/sessions", "/requests"]);
    expect(homeOf({ ...viewer, audit: true })).toBe("/hosts");
  });

  it("are never none", () => {
    expect(homeOf(NONE)).toBe("/tools");
  });
});
