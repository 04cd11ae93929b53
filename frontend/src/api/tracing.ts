import { queryOptions } from "@tanstack/react-query";
import type { FilterName, KindName, RiskName } from "./catalog";
import { get, post, remove } from "./http";
import type { Schemas } from "./schemas";

/** Filters as they were asked for. */
export type SessionFilters = Partial<Record<FilterName, string | number>> & {
  follow?: boolean;
  exclude?: Partial<Record<FilterName, (string | number)[]>>;
};
export type Session = Omit<Schemas["SessionOut"], "kind" | "filters"> & { kind: KindName; filters: SessionFilters };
export type Run = Schemas["RunOut"];
export type BooksState = Session["books"];
export type LimitsRequest = Partial<Schemas["Limits"]>;

export interface StartRequest {
  tool: string;
  hosts: string[];
  params: Record<string, string>;
  filters: Partial<Record<FilterName, string>> & { follow?: boolean; exclude?: Partial<Record<FilterName, string[]>> };
  limits: LimitsRequest;
  reason: string;
  team?: string;
  risk?: RiskName;
  reveal: boolean;
}

export type Rights = Schemas["RightsOut"];

/** What I may start with this tool on these hosts, and why not. */
export const rights = (tool: string, hosts: readonly string[], team: string, risk: RiskName) =>
  queryOptions({
    queryKey: ["rights", tool, hosts, team, risk],
    queryFn: () => get<Rights>(`me/rights?${new URLSearchParams([["tool", tool], ["team", team], ["risk", risk], ...hosts.map((host) => ["hosts", host])]).toString()}`),
  });

export interface SessionFilter {
  limit?: number;
  offset?: number;
  tool?: string;
  state?: string;
  user?: string;
}

export const sessions = (filter: SessionFilter = {}) =>
  queryOptions({
    queryKey: ["sessions", "list", filter],
    queryFn: () => get<{ items: Session[]; total: number }>("sessions", { ...filter }),
  });

export const session = (id: string) =>
  queryOptions({ queryKey: ["sessions", "one", id], queryFn: () => get<Session>(`sessions/${encodeURIComponent(id)}`) });

export type Program = Schemas["ProgramOut"];

/** What the host compiled and loaded; an ended run's does not change any more. */
export const program = (id: string, host: string) =>
  queryOptions({
    queryKey: ["sessions", "program", id, host],
    queryFn: () => get<Program>(`sessions/${encodeURIComponent(id)}/program`, { host }),
  });

export const startSession = (request: StartRequest): Promise<Session> => post("sessions", request);
export const stopSession = (id: string): Promise<unknown> => post(`sessions/${encodeURIComponent(id)}/stop`);
export const deleteSession = (id: string): Promise<unknown> => remove(`sessions/${encodeURIComponent(id)}`);

export type Filter = Omit<Schemas["Filter"], "negated"> & { negated?: boolean };
/** Which rows: all filters hold, and of each list in `any_of` at least one. */
export interface Conditions {
  filters: Filter[];
  any_of: Filter[][];
}
export type Question = Partial<Omit<Schemas["Question"], keyof Conditions | "group_by" | "measures" | "order"> & Conditions> & {
  group_by?: Partial<Schemas["Key"]>[];
  measures?: Partial<Schemas["Measure"]>[];
  order?: Partial<Schemas["Order"]>[];
};
export type Answer = Schemas["AnswerOut"];

/** The server stops working on it when the signal says that nobody waits any more. */
export const queryRows = (id: string, question: Question, signal?: AbortSignal): Promise<Answer> =>
  post(`sessions/${encodeURIComponent(id)}/query`, question, signal);

export type ExportFormat = "ndjson" | "csv" | "arrow" | "parquet" | "folded" | "raw";

/** `where`: only rows that pass. */
export function exportAddress(id: string, format: ExportFormat, stream: string, where?: Conditions): string {
  const query = new URLSearchParams({ format, stream, ...(where === undefined ? {} : { where: JSON.stringify(where) }) });
  return `/api/sessions/${encodeURIComponent(id)}/export?${query.toString()}`;
}
