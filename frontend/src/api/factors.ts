import { queryOptions } from "@tanstack/react-query";
import { get, post, put, remove } from "./http";
import { makePasskey, type PasskeyAnswer, type PasskeyOptions, askPasskey } from "./passkey";
import type { Schemas } from "./schemas";

export type Factors = Schemas["FactorsOut"];
export type Step = Schemas["Step"];
export type Method = Step["methods"][number];
export type Added = Schemas["Added"];

export const factors = queryOptions({ queryKey: ["factors"], queryFn: () => get<Factors>("auth/factors") });
export const rule = queryOptions({ queryKey: ["sign-in-rule"], queryFn: () => get<Schemas["Rule"]>("auth/rule") });

export const login = (username: string, password: string): Promise<Step> => post("auth/login", { username, password });
export const loginWithCode = (code: string): Promise<Step> => post("auth/login/code", { code });
export const finishEnrolment = (): Promise<Step> => post("auth/login/enrolled");
export const loginWithPasskey = async (): Promise<Step> => post("auth/login/passkey", await passkeyAnswer());

export const confirmWithPassword = (password: string): Promise<unknown> => post("auth/confirm", { password });
export const confirmWithCode = (code: string): Promise<unknown> => post("auth/confirm/code", { code });
export const confirmWithPasskey = async (): Promise<unknown> => post("auth/confirm/passkey", await passkeyAnswer());

export const beginTotp = (): Promise<Schemas["NewTotp"]> => post("auth/factors/totp");
export const confirmTotp = (code: string): Promise<Added> => post("auth/factors/totp/confirm", { code });
export const removeTotp = (): Promise<unknown> => remove("auth/factors/totp");
export const removePasskey = (id: number): Promise<unknown> => remove(`auth/factors/passkeys/${id}`);
export const renewRecovery = (): Promise<Added> => post("auth/factors/recovery");
export const setRule = (roles: string[]): Promise<unknown> => put("auth/rule", { roles });
export const resetFactors = (username: string): Promise<unknown> => post(`users/${encodeURIComponent(username)}/reset-factors`);

export async function addPasskey(name: string): Promise<Added> {
  const credential = await makePasskey(await post<PasskeyOptions>("auth/factors/passkeys/options"));
  return post("auth/factors/passkeys", { name, credential });
}

async function passkeyAnswer(): Promise<{ credential: PasskeyAnswer }> {
  return { credential: await askPasskey(await post<PasskeyOptions>("auth/passkey/options")) };
}
