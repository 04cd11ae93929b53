import { queryOptions } from "@tanstack/react-query";
import { get, remove } from "./http";
import type { Schemas } from "./schemas";

export type SignIn = Schemas["SignInOut"];

export const signIns = queryOptions({ queryKey: ["sign-ins"], queryFn: () => get<SignIn[]>("auth/sign-ins") });

export const endSignIn = (id: string): Promise<unknown> => remove(`auth/sign-ins/${encodeURIComponent(id)}`);
export const endOtherSignIns = (): Promise<unknown> => remove("auth/sign-ins");
export const signOutEverywhere = (username: string): Promise<unknown> => remove(`users/${encodeURIComponent(username)}/sign-ins`);
