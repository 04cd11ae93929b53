/** Which entries are shown. */

import { fields, type Line } from "./lines";

export interface Entry {
  readonly id: number;
  readonly time: string;
  readonly actor: string;
  readonly action: string;
  readonly outcome: string;
  readonly tool: string;
  readonly hosts: readonly string[];
  readonly reason: string;
  readonly line: Line;
}

/** Parts of texts, whatever their case; `after` and `until` are days in UTC, both included. */
export type Wanted = Readonly<Record<"actor" | "action" | "tool" | "host" | "outcome" | "reason" | "after" | "until", string>>;

export function entriesOf(lines: readonly Line[]): Entry[] {
  return lines.filter((line) => !("fleetscope" in line.fields)).map(entryOf);
}

export function matches(entry: Entry, wanted: Wanted): boolean {
  const day = entry.time.slice(0, 10);
  return (
    has(entry.actor, wanted.actor) &&
    has(entry.action, wanted.action) &&
    has(entry.tool, wanted.tool) &&
    (wanted.host === "" || entry.hosts.some((host) => has(host, wanted.host))) &&
    has(entry.outcome, wanted.outcome) &&
    has(entry.reason, wanted.reason) &&
    (wanted.after === "" || day >= wanted.after) &&
    (wanted.until === "" || day <= wanted.until)
  );
}

function has(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.trim().toLowerCase());
}

function entryOf(line: Line): Entry {
  const found = fields(line.fields);
  const word = (name: string): string => (typeof found[name] === "string" ? found[name] : "");
  return {
    id: Number(found.id),
    time: word("time"),
    actor: word("actor"),
    action: word("action"),
    outcome: word("outcome"),
    tool: word("tool"),
    hosts: Array.isArray(found.hosts) ? found.hosts.map(String) : [],
    reason: word("reason"),
    line,
  };
}
