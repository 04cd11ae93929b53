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
}

const PAGE = 200;

export const audit = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam }) => get<Schemas["AuditPage"]>("audit", { limit: PAGE, before: pageParam, ...filter }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => (last.items.length < PAGE ? undefined : last.items[last.items.length - 1]?.id),
  });
