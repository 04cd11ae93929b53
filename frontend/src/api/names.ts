import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { post } from "./http";
import type { Schemas } from "./schemas";

export type NameKind = "process" | "comm" | "library" | "function" | "usdt" | "tracepoint" | "field" | "pty" | "user" | "container" | "unit" | "pod";
export type Names = Schemas["NamesOut"];
export type Name = Schemas["NameOut"];

export interface Question {
  readonly kind: NameKind;
  readonly text: string;
  /** Names as this process sees them; 0: as the host does. */
  readonly pid: number;
}

const FRESH_MS = 2000;
const KEPT_MS = 30_000;

/** What the host itself says now. Shown again for a moment, never kept: processes come and go. */
export const names = (host: string, question: Question) =>
  queryOptions({
    queryKey: ["names", host, question],
    queryFn: () => post<Names>(`hosts/${encodeURIComponent(host)}/names`, question),
    staleTime: FRESH_MS,
    gcTime: KEPT_MS,
    retry: false,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
