import { visible } from "../../format/bytes-text";
import type { RunState } from "../../gen/proto/v1/live_pb";

const SHOWN = 5;

/** Which hosts' rows are locked. */
export function whoseRows(hosts: readonly string[]): string {
  const named = hosts.slice(0, SHOWN).map(visible).join(", ");
  const more = hosts.length > SHOWN ? ` and ${hosts.length - SHOWN} more hosts` : "";
  return `The rows of ${named}${more} are locked.`;
}

/** In single quotes a shell takes every character as it is. */
export function openCommand(session: string, reason: string): string {
  return `fleetscope open ${session} --reason '${reason.replaceAll("'", String.raw`'\''`)}' --key ~/.ssh/id_ed25519`;
}

/** There are rows, and none of them can be shown. */
export function allLocked(runs: readonly Pick<RunState, "schema" | "locked">[]): boolean {
  const attached = runs.filter((run) => run.schema !== undefined);
  return attached.length > 0 && attached.every((run) => run.locked);
}
