import { queryOptions } from "@tanstack/react-query";
import { get, patch, post } from "./http";

export type RoleName = "viewer" | "tracer" | "admin";

export interface Me {
  username: string;
  role: RoleName;
  /** Signed in by the one-time password: an own one is not set yet. */
  one_time: boolean;
  can: { start: boolean; stop_any: boolean; admin: boolean; audit: boolean };
}

export interface User {
  username: string;
  role: RoleName;
  active: boolean;
}

export const me = queryOptions({ queryKey: ["me"], queryFn: () => get<Me>("auth/me") });
export const users = queryOptions({ queryKey: ["users"], queryFn: () => get<User[]>("users") });

export const login = (username: string, password: string): Promise<Me> => post("auth/login", { username, password });
export const logout = (): Promise<unknown> => post("auth/logout");
export const setPassword = (password: string): Promise<unknown> => post("auth/password", { password });
export const createToken = (username: string, password: string, name: string): Promise<{ token: string }> =>
  post("auth/token", { username, password, name });
export const createUser = (user: { username: string; role: RoleName; password: string }): Promise<User> => post("users", user);
export const changeUser = (
  username: string,
  change: Partial<{ role: RoleName; active: boolean; password: string }>,
): Promise<User> => patch(`users/${encodeURIComponent(username)}`, change);
