import { queryOptions } from "@tanstack/react-query";
import { get } from "./http";
import type { NameKind } from "./names";

export type VerdictState = "checking" | "works" | "works_with_loss" | "refused" | "forbidden";

export interface Verdict {
  state: VerdictState;
  variant: string;
  reason: string;
}

/** Common filters that a tool's manifest lists. */
export type ListedFilter = "pid" | "tid" | "uid" | "comm" | "cgroup" | "ppid";
/** What a person may name: who can tell control groups apart knows containers. */
export type FilterName = ListedFilter | "container" | "pod" | "unit";
export type ParamType =
  | "int"
  | "bool"
  | "enum"
  | "duration"
  | "function"
  | "usdt"
  | "path"
  | "terminal"
  | "tracepoint"
  | "fields"
  | "conditions"
  | "arguments";
export type KindName = "events" | "top" | "histogram" | "stacks" | "counters" | "bytes";
export type RiskName = "s0" | "s1" | "s2" | "s3";

/** 64-bit numbers travel as text. */
type Big = string | number;

export interface Param {
  name: string;
  type: ParamType;
  default?: string;
  required?: boolean;
  min?: Big;
  max?: Big;
  choices?: string[];
  help?: string;
  unit?: string;
  hint?: NameKind | "";
}

export interface Probe {
  type: string;
  target: string;
  program?: string;
  optional?: boolean;
}

export interface Variant {
  name: string;
  probes?: Probe[];
  loses?: string;
}

export interface ToolColumn {
  name: string;
  type: string;
  unit?: string;
  role?: string;
  sensitivity?: string;
  help?: string;
  title?: string;
  when?: string;
}

export interface ToolStream {
  name: string;
  kind: KindName;
  title?: string;
  columns?: ToolColumn[];
  /** Where columns come from that are known only at a run's start; empty: nowhere. */
  dynamic?: string;
}

export interface Bound {
  default?: Big;
  max?: Big;
}

export interface Limits {
  duration_seconds?: Bound;
  rows?: Bound;
  bytes?: Bound;
  events_per_second?: Bound;
  budget_permille?: Bound;
}

export interface Tool {
  name: string;
  title: string;
  summary: string;
  category: string;
  risk: RiskName;
  task?: string;
  filters?: ListedFilter[];
  params?: Param[];
  variants?: Variant[];
  streams?: ToolStream[];
  limits?: Limits;
  overhead?: string;
  digest: string;
  verdicts: Record<string, Verdict>;
}

export interface ToolDetail extends Tool {
  source: string;
  readme: string;
}

export const tools = queryOptions({ queryKey: ["tools"], queryFn: () => get<Tool[]>("tools") });
export const tool = (name: string) =>
  queryOptions({ queryKey: ["tools", name], queryFn: () => get<ToolDetail>(`tools/${encodeURIComponent(name)}`) });
