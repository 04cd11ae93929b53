import { count } from "./numbers";

const NAMED = 3;

/** A few hosts by name; of many first how many, as what follows may be cut off. */
export function hostNames(hosts: readonly string[]): string {
  if (hosts.length <= NAMED) return hosts.join(", ");
  return `${count(hosts.length)} hosts: ${hosts.slice(0, NAMED - 1).join(", ")}, …`;
}
