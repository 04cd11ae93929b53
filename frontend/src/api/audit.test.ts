import { describe, expect, it } from "vitest";
import { auditExportAddress } from "./audit";

describe("the address of an export", () => {
  it("is the whole log without a filter", () => {
    expect(auditExportAddress({ actor: "", host: undefined })).toBe("/api/audit/export");
  });
  it("carries what is filtered by, escaped", () => {
    expect(auditExportAddress({ actor: "a&b", host: "web-1", after: "" })).toBe("/api/audit/export?actor=a%26b&host=web-1");
  });
});
