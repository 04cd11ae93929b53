/** A link to a session carries its secret behind the `#`, which browsers send to nobody. */
const MARK = "#link=";

export function linkAddress(origin: string, session: string, secret: string): string {
  return `${origin}/sessions/${session}${MARK}${secret}`;
}

/** Empty: the address is of no link. */
export function secretIn(hash: string): string {
  return hash.startsWith(MARK) ? hash.slice(MARK.length) : "";
}
