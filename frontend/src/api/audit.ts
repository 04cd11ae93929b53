import { infiniteQueryOptions } from "@tanstack/react-query";
import { get } from "./http";
import type { Schemas } from "./schemas";

export type AuditEntry = Schemas["AuditOut"];

export interface AuditFilter {
  actor?: string;
  host?: string;
  tool?: string;
  action?: string;
  outcome?: string;
  after?: string;
}

/** A file that can be checked without this server; what is younger than a minute may not be in it yet. */
export function auditExportAddress(filter: AuditFilter, form: "ndjson" | "pack"): string {
  const wanted = Object.entries({ ...filter, form }).filter(([, value]) => value !== "");
  return `/api/audit/export?${new URLSearchParams(wanted).toString()}`;
}

const PAGE = 200;

export const audit = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam }) => get<Schemas["AuditPage"]>("audit", { limit: PAGE, before: pageParam, ...filter }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.items.length < PAGE ? undefined : last.items[last.items.length - 1]?.id),
  });
