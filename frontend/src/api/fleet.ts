import { queryOptions } from "@tanstack/react-query";
import type { Verdict } from "./catalog";
import { get, patch, post } from "./http";
import type { Schemas } from "./schemas";

export type HostState = "online" | "offline" | "revoked";

export interface HostFacts {
  kernel_release?: string;
  distribution?: string;
  architecture?: string;
  cpus?: number;
  memory_bytes?: string | number;
  btf?: boolean;
  kprobes?: boolean;
  preemption?: string;
  bcc_version?: string;
}

export type Host = Omit<Schemas["HostOut"], "state" | "facts" | "verdicts"> & {
  state: HostState;
  facts: HostFacts;
  verdicts: Record<string, Verdict>;
};

export type JoinToken = Schemas["TokenOut"];

export const hosts = queryOptions({ queryKey: ["hosts"], queryFn: () => get<Host[]>("hosts") });

export const setLabels = (id: string, labels: Record<string, string>): Promise<Host> => patch(`hosts/${id}`, { labels });
export const createJoinToken = (hostName: string): Promise<JoinToken> => post("hosts/token", { host_name: hostName });
export const switchHost = (id: string, off: boolean, reason: string): Promise<unknown> => post(`hosts/${id}/switch`, { off, reason });
/** Takes a host out of the fleet for good: its certificate is refused from now on. */
export const revokeHost = (id: string, reason: string): Promise<unknown> => post(`hosts/${id}/revoke`, { reason });
export const switchFleet = (off: boolean, reason: string): Promise<unknown> => post("fleet/switch", { off, reason });
