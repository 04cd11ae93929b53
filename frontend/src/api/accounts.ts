import { queryOptions } from "@tanstack/react-query";
import { get, patch, post, remove } from "./http";
import type { Schemas } from "./schemas";

export type RoleName = NonNullable<Schemas["NewUser"]["role"]>;
/** `one_time`: signed in by the one-time password, an own one is not set yet. */
export type Me = Schemas["Me"];
export type User = Schemas["UserOut"];

export const me = queryOptions({ queryKey: ["me"], queryFn: () => get<Me>("auth/me") });
export const users = queryOptions({ queryKey: ["users"], queryFn: () => get<User[]>("users") });

export const logout = (): Promise<unknown> => post("auth/logout");
/** `current` may be left out after signing in with a one-time password. */
export const setPassword = (password: string, current = ""): Promise<unknown> => post("auth/password", { password, current });
export type ApiToken = Schemas["ApiTokenOut"];
export const tokens = queryOptions({ queryKey: ["tokens"], queryFn: () => get<ApiToken[]>("auth/tokens") });
export type ScopeName = ApiToken["scope"];
export const createToken = (token: Schemas["NewToken"]): Promise<{ token: string }> => post("auth/tokens", token);
export const endToken = (id: number): Promise<unknown> => remove(`auth/tokens/${id}`);
export const createUser = (user: { username: string; role: RoleName; password: string }): Promise<User> => post("users", user);
export const changeUser = (username: string, change: Schemas["UserChange"]): Promise<User> =>
  patch(`users/${encodeURIComponent(username)}`, change);
