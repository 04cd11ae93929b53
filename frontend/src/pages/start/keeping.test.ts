import { describe, expect, it } from "vitest";
import { whyNotKept } from "./keeping";

describe("what can be kept as a template", () => {
  it("is of class S0 or S1 and needs no approval", () => {
    expect(whyNotKept("s0", null)).toBeNull();
    expect(whyNotKept("s1", null)).toBeNull();
  });

  it("is told apart from what reveals more, by its class", () => {
    expect(whyNotKept("s2", null)).toContain("it is S2");
    expect(whyNotKept("s3", "two others sign")).toContain("it is S3");
  });

  it("is nothing that others must agree to", () => {
    expect(whyNotKept("s1", "It runs on 9 hosts")).toContain("needs approval");
  });
});
