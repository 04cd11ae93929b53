/** The page that a person wanted, kept in this tab while the browser is at the provider. */
const KEY = "fleetscope-after-sign-in";

export function keepPlace(path: string): void {
  sessionStorage.setItem(KEY, path);
}

/** Once; a page of this server whatever was kept. */
export function takePlace(): string {
  const kept = sessionStorage.getItem(KEY) ?? "";
  sessionStorage.removeItem(KEY);
  return /^\/(?![/\\])/.test(kept) ? kept : "/";
}
