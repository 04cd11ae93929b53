import type { FilterName, Param } from "../../api/catalog";
import type { Name, NameKind, Names } from "../../api/names";
import { count } from "../../format/numbers";

const OF_TYPE: Readonly<Record<string, NameKind>> = {
  function: "function",
  tracepoint: "tracepoint",
  usdt: "usdt",
  terminal: "pty",
};
const OF_FILTER: Readonly<Record<string, NameKind>> = {
  pid: "process",
  ppid: "process",
  comm: "comm",
  uid: "user",
  container: "container",
  pod: "pod",
  unit: "unit",
};

/** Which names of the host fit into the parameter; undefined: none. */
export function kindOfParam(param: Pick<Param, "type" | "hint">): NameKind | undefined {
  return param.hint || OF_TYPE[param.type];
}

export function kindOfFilter(filter: FilterName): NameKind | undefined {
  return OF_FILTER[filter];
}

/** A pid that is typed already tells whose libraries are meant. */
export function pidOf(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 0;
}

/** A library with its colon is only the first half. */
export function isWhole(value: string): boolean {
  return !value.endsWith(":");
}

/** Where the names come from: of several hosts the first is asked. */
export function source(hosts: readonly string[]): string {
  const [first = "", ...others] = hosts;
  return others.length === 0 ? first : `${first}, one of ${hosts.length} hosts`;
}

/** The hosts with the one in front whose names are shown: the one asked for, else the first that can answer. */
export function askedFirst(chosen: readonly string[], asked: string, able: readonly string[]): string[] {
  const first = chosen.includes(asked) ? asked : (chosen.find((name) => able.includes(name)) ?? chosen[0]);
  return first === undefined ? [] : [first, ...chosen.filter((name) => name !== first)];
}

const MEANT: Partial<Record<NameKind, readonly [string, string]>> = {
  function: ["function matches", "functions match"],
  usdt: ["probe matches", "probes match"],
};

/** How many the text selects as it stands; empty where that means nothing. */
export function meant(kind: NameKind, found: Names | undefined): string {
  const words = MEANT[kind];
  if (words === undefined || found === undefined || found.meant === null) return "";
  return `${count(found.meant)} ${found.meant === 1 ? words[0] : words[1]} on ${found.host}`;
}

export function cut(found: Names): string {
  return found.total > found.names.length ? `${count(found.names.length)} of ${count(found.total)}; type more to see others` : "";
}

/** What stands in front: for numbers the number, which is what goes into the field, and then its name. */
export function title(kind: NameKind, name: Name): readonly [string, string] {
  if (kind === "process" || kind === "user") return [name.value, name.label === name.value ? "" : name.label];
  return [name.label, ""];
}
