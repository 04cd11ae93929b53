import { queryOptions } from "@tanstack/react-query";
import { get, post, remove } from "./http";
import type { Schemas } from "./schemas";

/** The OpenID provider that people may sign in with; `name` is null when there is none. */
export const provider = queryOptions({ queryKey: ["provider"], queryFn: () => get<Schemas["ProviderOut"]>("auth/oidc") });
export const identity = queryOptions({ queryKey: ["identity"], queryFn: () => get<Schemas["IdentityOut"]>("auth/oidc/identity") });
export const unlink = (): Promise<unknown> => remove("auth/oidc/identity");

/** Leaves this page for the provider's, which sends the browser back to `/login/oidc`. */
export async function leave(what: "begin" | "link"): Promise<void> {
  const { address } = await post<Schemas["Away"]>(`auth/oidc/${what}`);
  window.location.assign(address);
}

/** Where a sign-in at the provider is ended, which only the server knows while one is signed in; null: nowhere, or it cannot say. */
export async function signOutAddress(): Promise<string | null> {
  try {
    return (await get<Schemas["IdentityOut"]>("auth/oidc/identity")).sign_out;
  } catch {
    return null; // signing out here must not hang on it
  }
}

/** Hands the server what the provider put into this page's address; works once. */
export function finish(search: string): Promise<Schemas["Finished"]> {
  const found = new URLSearchParams(search);
  const part = (name: string): string => found.get(name) ?? "";
  return post("auth/oidc/finish", { state: part("state"), code: part("code"), error: part("error"), iss: part("iss") });
}
