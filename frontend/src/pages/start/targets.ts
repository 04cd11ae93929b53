import type { Tool, Verdict } from "../../api/catalog";
import type { Host } from "../../api/fleet";

export interface Target {
  readonly host: Host;
  readonly verdict: Verdict | undefined;
  /** Why the tool cannot be started there; null when it can. */
  readonly refusal: string | null;
}

/** Every host with what stands in the way of this tool; those that can run it first. */
export function targetsOf(tool: string, hosts: readonly Host[]): Target[] {
  const targets = hosts.map((host) => ({ host, verdict: host.verdicts[tool], refusal: refusalOf(host, host.verdicts[tool]) }));
  return targets.sort((a, b) => Number(a.refusal !== null) - Number(b.refusal !== null) || a.host.name.localeCompare(b.host.name));
}

function refusalOf(host: Host, verdict: Verdict | undefined): string | null {
  if (host.state === "revoked") return "The host was removed from the fleet.";
  if (host.state === "offline") return "The host is not connected.";
  if (host.switched_off) return "Tracing is switched off on this host.";
  if (host.audit_trouble !== "") return `The host makes no start: ${host.audit_trouble}`;
  if (host.remote_off) return "The host itself allows no tracing now; fleetscope-agent status there says why.";
  if (verdict?.state === "refused" || verdict?.state === "forbidden") return verdict.reason || `The host says: ${verdict.state}.`;
  return null;
}

/** Names of the hosts that can be asked something now. */
export function online(hosts: readonly Host[]): string[] {
  return hosts.filter(({ state, switched_off, remote_off }) => state === "online" && !switched_off && !remote_off).map(({ name }) => name);
}

/** Its policy lets none of the tools run that always record plaintext. */
export function refusesPlaintext(host: Host, catalogue: readonly Tool[] = []): boolean {
  const plain = catalogue.filter(({ risk }) => risk === "s3");
  return plain.length > 0 && plain.every(({ name }) => host.verdicts[name]?.state === "forbidden");
}
