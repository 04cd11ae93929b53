import { infiniteQueryOptions } from "@tanstack/react-query";
import { get } from "./http";

export interface AuditEntry {
  id: number | string;
  time: string;
  actor: string;
  action: string;
  outcome: string;
  tool: string | null;
  hosts: string[];
  session: string | null;
  reason: string;
  detail: Record<string, unknown>;
}

export interface AuditFilter {
  actor?: string;
  host?: string;
  tool?: string;
  action?: string;
  outcome?: string;
}

const PAGE = 200;

export const audit = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam }) => get<{ items: AuditEntry[] }>("audit", { limit: PAGE, before: pageParam, ...filter }),
    initialPageParam: undefined as string | number | undefined,
    getNextPageParam: (last) => (last.items.length < PAGE ? undefined : last.items[last.items.length - 1]?.id),
  });
