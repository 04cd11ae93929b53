import { queryOptions } from "@tanstack/react-query";
import { get, post, remove } from "./http";
import type { Schemas } from "./schemas";

/** A link has neither person nor team. */
export type Share = Schemas["ShareOut"];
export type NewShare = Schemas["NewShare"];

const path = (session: string): string => `sessions/${encodeURIComponent(session)}`;

export const shares = (session: string) =>
  queryOptions({
    queryKey: ["sessions", "shares", session],
    queryFn: () => get<Share[]>(`${path(session)}/shares`),
    staleTime: 0,
  });

/** `secret`: of a link, told only now. */
export const share = (session: string, body: Partial<NewShare>): Promise<Schemas["ShareMade"]> => post(`${path(session)}/shares`, body);
export const revokeShare = (session: string, id: number): Promise<unknown> => remove(`${path(session)}/shares/${id}`);
export const openLink = (session: string, secret: string): Promise<unknown> => post(`${path(session)}/open`, { secret });
