import { describe, expect, it } from "vitest";
import { aboutTemplate } from "./template-words";

const kept = { tool: "syscount", hosts: ["web-1"], labels: {}, risk: "s1", schedule: "", next_at: null } as const;

describe("the words for a template", () => {
  it("name the tool, the place and the class", () => {
    expect(aboutTemplate({ ...kept, hosts: [...kept.hosts] })).toBe("syscount on web-1 · S1");
    expect(aboutTemplate({ ...kept, hosts: ["web-1"], labels: { env: "prod" } })).toBe("syscount on web-1, env=prod · S1");
    expect(aboutTemplate({ ...kept, hosts: [] })).toBe("syscount on every host · S1");
  });

  it("tell the next time in UTC, wherever the reader is and whatever zone the server writes", () => {
    const due = { ...kept, hosts: [], schedule: "0 6 * * 1-5" };
    expect(aboutTemplate({ ...due, next_at: "2027-01-01T06:00:00Z" })).toContain("0 6 * * 1-5 UTC, next 2027-01-01 06:00 UTC");
    expect(aboutTemplate({ ...due, next_at: "2027-01-01T01:00:00-05:00" })).toContain("next 2027-01-01 06:00 UTC");
  });
});
