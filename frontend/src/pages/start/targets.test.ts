import { describe, expect, it } from "vitest";
import type { Host } from "../../api/fleet";
import { targetsOf } from "./targets";

function host(name: string, change: Partial<Host>): Host {
  const works = { state: "works" as const, variant: "a", reason: "" };
  return { id: name, name, state: "online", switched_off: false, remote_off: false, labels: {}, verdicts: { opensnoop: works }, ...change } as Host;
}

describe("targets", () => {
  const refused = { opensnoop: { state: "refused" as const, variant: "", reason: "no kprobes" } };
  const targets = targetsOf("opensnoop", [
    host("offline", { state: "offline" }),
    host("old", { verdicts: refused }),
    host("b", {}),
    host("unknown", { verdicts: {} }),
    host("off", { switched_off: true }),
    host("shut", { remote_off: true }),
  ]);

  it("puts hosts that can run the tool first", () => {
    expect(targets.map((target) => target.host.name)).toEqual(["b", "unknown", "off", "offline", "old", "shut"]);
  });

  it("says why the others cannot", () => {
    expect(targets.map((target) => target.refusal)).toEqual([
      null,
      null,
      "Tracing is switched off on this host.",
      "The host is not connected.",
      "no kprobes",
      "The host itself allows no tracing now; fleetscope-agent status there says why.",
    ]);
  });
});
