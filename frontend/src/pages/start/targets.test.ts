import { describe, expect, it } from "vitest";
import type { Host } from "../../api/fleet";
import type { Tool, VerdictState } from "../../api/catalog";
import { online, refusesPlaintext, targetsOf } from "./targets";

function host(name: string, change: Partial<Host>): Host {
  const works = { state: "works" as const, variant: "a", reason: "" };
  return { id: name, name, state: "online", switched_off: false, remote_off: false, audit_trouble: "", labels: {}, verdicts: { opensnoop: works }, ...change } as Host;
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
    host("witness", { audit_trouble: "the audit was cut" }),
  ]);

  it("puts hosts that can run the tool first", () => {
    expect(targets.map((target) => target.host.name)).toEqual(["b", "unknown", "off", "offline", "old", "shut", "witness"]);
  });

  it("says why the others cannot", () => {
    expect(targets.map((target) => target.refusal)).toEqual([
      null,
      null,
      "Tracing is switched off on this host.",
      "The host is not connected.",
      "no kprobes",
      "The host itself allows no tracing now; fleetscope-agent status there says why.",
      "The host makes no start: the audit was cut",
    ]);
  });
});

describe("what a host may be asked", () => {
  it("only while it is there and lets itself be traced", () => {
    const hosts = [host("a", {}), host("b", { state: "offline" }), host("c", { switched_off: true }), host("d", { remote_off: true })];
    expect(online(hosts)).toEqual(["a"]);
  });

  it("is no plaintext where its policy forbids every tool that records some", () => {
    const catalogue = [
      { name: "sslsniff", risk: "s3" },
      { name: "ttysnoop", risk: "s3" },
      { name: "opensnoop", risk: "s2" },
    ] as Tool[];
    const says = (sslsniff: VerdictState, ttysnoop: VerdictState) => {
      const verdict = (state: VerdictState) => ({ state, variant: "", reason: "" });
      return host("a", { verdicts: { sslsniff: verdict(sslsniff), ttysnoop: verdict(ttysnoop), opensnoop: verdict("works") } });
    };
    expect(refusesPlaintext(says("forbidden", "forbidden"), catalogue)).toBe(true);
    expect(refusesPlaintext(says("forbidden", "works"), catalogue)).toBe(false);
    expect(refusesPlaintext(says("forbidden", "forbidden"), undefined)).toBe(false);
  });
});
