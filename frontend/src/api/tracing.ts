import { queryOptions } from "@tanstack/react-query";
import type { FilterName, KindName } from "./catalog";
import { get, post, remove } from "./http";

export type SessionStateName = "pending" | "running" | "ended";
export type RunStateName = "pending" | "accepted" | "attached" | "ended" | "refused";
export type BooksState = "in-flight" | "complete" | "limited" | "lossy" | "broken" | "unknown";

export interface Run {
  id: string;
  host: { id: string; name: string };
  state: RunStateName;
  end: { cause: string; message: string } | null;
  ledger: { seen: number; stored: number; lost: Record<string, number> } | null;
  books: BooksState;
  books_message: string;
  rows: number;
  bytes: number;
  started_at: string | null;
  ended_at: string | null;
}

export interface Session {
  id: string;
  tool: string;
  title: string;
  kind: KindName;
  state: SessionStateName;
  created_by: string;
  created_at: string;
  ended_at: string | null;
  reason: string;
  params: Record<string, string>;
  filters: Record<string, string | number>;
  limits: Record<string, number>;
  hosts: string[];
  rows: number;
  books: BooksState;
  books_message: string;
  runs: Run[];
}

export interface LimitsRequest {
  duration_ms?: number;
  rows?: number;
  bytes?: number;
  events_per_second?: number;
  budget_permille?: number;
}

export interface StartRequest {
  tool: string;
  hosts: string[];
  params: Record<string, string>;
  filters: Partial<Record<FilterName, string | number>>;
  limits: LimitsRequest;
  reason: string;
}

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

export const startSession = (request: StartRequest): Promise<Session> => post("sessions", request);
export const stopSession = (id: string): Promise<unknown> => post(`sessions/${encodeURIComponent(id)}/stop`);
export const deleteSession = (id: string): Promise<unknown> => remove(`sessions/${encodeURIComponent(id)}`);

export type ExportFormat = "ndjson" | "csv" | "arrow" | "parquet" | "folded";

export function exportAddress(id: string, format: ExportFormat, stream: string): string {
  return `/api/sessions/${encodeURIComponent(id)}/export?${new URLSearchParams({ format, stream }).toString()}`;
}
