import { queryOptions } from "@tanstack/react-query";
import { get, post, remove } from "./http";
import type { Schemas } from "./schemas";
import type { StartRequest } from "./tracing";

/** An order that I keep, for a webhook or a schedule to start. */
export type Template = Schemas["TemplateOut"];
export type TemplateToken = Schemas["TokenMade"];

const LOOK_MS = 10_000;

/** Read again from time to time: what a schedule starts is told to nobody. */
export const templates = queryOptions({
  queryKey: ["templates"],
  queryFn: () => get<Template[]>("templates"),
  staleTime: 0,
  refetchInterval: LOOK_MS,
});

export const keepTemplate = (order: StartRequest, name: string, schedule: string): Promise<Template> =>
  post("templates", { ...order, name, schedule });
export const removeTemplate = (id: string): Promise<unknown> => remove(path(id));
export const makeTemplateToken = (id: string): Promise<TemplateToken> => post(`${path(id)}/token`);
export const endTemplateToken = (id: string): Promise<unknown> => remove(`${path(id)}/token`);

function path(id: string): string {
  return `templates/${encodeURIComponent(id)}`;
}
