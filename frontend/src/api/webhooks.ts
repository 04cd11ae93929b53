import { queryOptions } from "@tanstack/react-query";
import { get, post, remove } from "./http";
import type { Schemas } from "./schemas";

/** `result`: what came of the last try. `waiting`: messages still to send. */
export type Webhook = Schemas["WebhookOut"];
export type MadeWebhook = Schemas["MadeWebhook"];

const SENDING_MS = 1000;

/** Read again while something is being sent: the server tells nobody of it. */
export function webhooksOf(team: string) {
  return queryOptions({
    queryKey: ["webhooks", team],
    queryFn: () => get<Webhook[]>(path(team)),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.some((webhook) => webhook.waiting > 0) === true ? SENDING_MS : false),
  });
}

export const addWebhook = (team: string, url: string): Promise<MadeWebhook> => post(path(team), { url });
export const tryWebhook = (team: string, id: string): Promise<Webhook> => post(`${path(team)}/${id}/test`);
export const removeWebhook = (team: string, id: string): Promise<unknown> => remove(`${path(team)}/${id}`);

function path(team: string): string {
  return `teams/${encodeURIComponent(team)}/webhooks`;
}
