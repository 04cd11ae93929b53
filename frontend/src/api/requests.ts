import { queryOptions } from "@tanstack/react-query";
import { get, post } from "./http";
import type { Schemas } from "./schemas";
import type { Session, StartRequest } from "./tracing";

/** For a session that needs the agreement of others. `specification` is the very text that people sign. */
export type Request = Schemas["RequestOut"];
export type RequestState = Request["state"];

export const requests = queryOptions({
  queryKey: ["requests", "list"],
  queryFn: () => get<Schemas["RequestList"]>("requests"),
});

export const request = (id: string) =>
  queryOptions({ queryKey: ["requests", "one", id], queryFn: () => get<Request>(`requests/${encodeURIComponent(id)}`) });

export const requestRules = queryOptions({ queryKey: ["requests", "rules"], queryFn: () => get<Schemas["Rules"]>("requests/rules") });

/** `break_glass`: nobody is asked before, somebody has to review it afterwards. */
export const askForApproval = (wanted: StartRequest, break_glass: boolean): Promise<Request> => post("requests", { ...wanted, break_glass });

export type Verb = "sign" | "approve" | "deny" | "withdraw" | "review";

export const answerRequest = (id: string, verb: Verb, body: Record<string, unknown> = {}): Promise<Request> =>
  post(`requests/${encodeURIComponent(id)}/${verb}`, body);

export const startApproved = (id: string): Promise<Session> => post(`requests/${encodeURIComponent(id)}/start`);
