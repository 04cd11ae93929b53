import { queryOptions } from "@tanstack/react-query";
import { get, patch, post, put, remove } from "./http";
import type { Schemas } from "./schemas";

/** `may_change`: its members and what is granted there, by who asks. */
export type Team = Schemas["TeamOut"];
export type Grant = Schemas["GrantOut"];
export type Terms = Schemas["GrantIn"];

// The server tells nobody of changes here, so a page that is opened reads them again.
export const teams = queryOptions({ queryKey: ["teams"], queryFn: () => get<Team[]>("teams"), staleTime: 0 });
export const grants = queryOptions({ queryKey: ["grants"], queryFn: () => get<Grant[]>("grants"), staleTime: 0 });

export const addTeam = (name: string): Promise<Team> => post("teams", { name });
export const renameTeam = (team: string, name: string): Promise<Team> => patch(path(team), { name });
export const removeTeam = (team: string): Promise<unknown> => remove(path(team));
export const joinTeam = (team: string, username: string): Promise<Team> => put(member(team, username), {});
export const leaveTeam = (team: string, username: string): Promise<unknown> => remove(member(team, username));

export const addGrant = (terms: Terms): Promise<Grant> => post("grants", terms);
export const changeGrant = (id: number, terms: Terms): Promise<Grant> => put(`grants/${id}`, terms);
export const removeGrant = (id: number): Promise<unknown> => remove(`grants/${id}`);

function path(team: string): string {
  return `teams/${encodeURIComponent(team)}`;
}

function member(team: string, username: string): string {
  return `${path(team)}/members/${encodeURIComponent(username)}`;
}
