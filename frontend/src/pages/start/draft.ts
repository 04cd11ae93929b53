import type { FilterName, Tool } from "../../api/catalog";
import type { LimitsRequest, Session, StartRequest } from "../../api/tracing";
import { HIDDEN, visible } from "../../format/bytes-text";
import { byteSize, durationMs, durationText, permille, wholeNumber } from "../../format/parse";

export type LimitName = "duration" | "rows" | "bytes" | "events_per_second" | "budget" | "buffer";

/** The start form as typed. */
export interface Draft {
  readonly hosts: readonly string[];
  readonly params: Readonly<Record<string, string>>;
  readonly filters: Readonly<Partial<Record<FilterName, string>>>;
  /** With the filter pid: its children too. */
  readonly follow: boolean;
  /** Left out, several with commas between. */
  readonly exclude: Readonly<Partial<Record<FilterName, string>>>;
  readonly limits: Readonly<Record<LimitName, string>>;
  readonly reason: string;
  /** Secrets are not taken out of rows. */
  readonly reveal: boolean;
}

interface LimitField {
  readonly label: string;
  readonly placeholder: string;
  readonly help: string;
  readonly parse: (text: string) => number | null;
  readonly key: keyof LimitsRequest;
  readonly option: string;
}

export const LIMITS: Readonly<Record<LimitName, LimitField>> = {
  duration: {
    label: "Duration",
    placeholder: "until stopped",
    help: "90s, 5m, 1h",
    parse: durationMs,
    key: "duration_ms",
    option: "--duration",
  },
  budget: {
    label: "CPU budget",
    placeholder: "default",
    help: "share of one host's CPU, like 3%",
    parse: permille,
    key: "budget_permille",
    option: "--budget",
  },
  rows: { label: "Rows", placeholder: "no limit", help: "10000, 10k, 2M", parse: wholeNumber, key: "rows", option: "--rows" },
  bytes: { label: "Bytes", placeholder: "no limit", help: "500MB, 2GiB", parse: byteSize, key: "bytes", option: "--bytes" },
  events_per_second: {
    label: "Events per second",
    placeholder: "no limit",
    help: "5000, 10k",
    parse: wholeNumber,
    key: "events_per_second",
    option: "--rate",
  },
  buffer: {
    label: "Buffer",
    placeholder: "by rate",
    help: "64MiB; holds rows until they are read",
    parse: byteSize,
    key: "buffer_bytes",
    option: "--buffer",
  },
};

export const LIMIT_NAMES = Object.keys(LIMITS) as LimitName[];

export function emptyDraft(tool: Tool, hosts: readonly string[]): Draft {
  const defaults = tool.limits ?? {};
  const seconds = Number(defaults.duration_seconds?.default ?? 0);
  const budget = Number(defaults.budget_permille?.default ?? 0);
  const number = (value: string | number | undefined): string => (Number(value ?? 0) === 0 ? "" : String(value));
  return {
    hosts,
    params: Object.fromEntries((tool.params ?? []).map((param) => [param.name, param.default ?? ""])),
    filters: {},
    follow: false,
    exclude: {},
    limits: {
      duration: seconds === 0 ? "" : durationText(seconds),
      budget: budget === 0 ? "" : `${budget / 10}%`,
      rows: number(defaults.rows?.default),
      bytes: number(defaults.bytes?.default),
      events_per_second: number(defaults.events_per_second?.default),
      buffer: "",
    },
    reason: "",
    reveal: false,
  };
}

/** The same session once more: what it was started with, ready to change. */
export function draftOf(tool: Tool, session: Session): Draft {
  const blank = emptyDraft(tool, session.hosts);
  const { limits } = session;
  return {
    ...blank,
    params: { ...blank.params, ...session.params },
    ...filtersOf(session),
    limits: {
      duration: limits.duration_ms ? `${limits.duration_ms / 1000}s` : "",
      budget: limits.budget_permille ? `${limits.budget_permille / 10}%` : "",
      rows: limits.rows ? String(limits.rows) : "",
      bytes: limits.bytes ? String(limits.bytes) : "",
      events_per_second: limits.events_per_second ? String(limits.events_per_second) : "",
      buffer: limits.buffer_bytes ? String(limits.buffer_bytes) : "",
    },
    reason: visible(session.reason),
    reveal: session.reveal,
  };
}

/** The filters of this tool, in the order of the form. */
export function filterNames(tool: Tool): FilterName[] {
  const listed = tool.filters ?? [];
  return listed.includes("cgroup") ? ["container", "pod", "unit", ...listed] : [...listed];
}

function filtersOf(session: Session): Pick<Draft, "filters" | "follow" | "exclude"> {
  const { follow, exclude, ...filters } = session.filters;
  const left = Object.entries(exclude ?? {}).map(([name, values]): [string, string] => [name, values.join(", ")]);
  return {
    filters: Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, String(value)])),
    follow: follow ?? false,
    exclude: Object.fromEntries(left),
  };
}

function follows(draft: Draft): boolean {
  return draft.follow && (draft.filters.pid ?? "") !== "";
}

function excluded(draft: Draft): [string, string[]][] {
  return Object.entries(draft.exclude)
    .map(([name, text]): [string, string[]] => [name, text.split(",").map((word) => word.trim()).filter(Boolean)])
    .filter(([, values]) => values.length > 0);
}

function filtersRequest(draft: Draft): StartRequest["filters"] {
  const filters: StartRequest["filters"] = Object.fromEntries(Object.entries(draft.filters).filter(([, value]) => value !== ""));
  if (follows(draft)) filters.follow = true;
  const left = excluded(draft);
  if (left.length > 0) filters.exclude = Object.fromEntries(left);
  return filters;
}

export function limitError(name: LimitName, text: string): string | null {
  return text === "" || LIMITS[name].parse(text) !== null ? null : `Write ${LIMITS[name].help}.`;
}

export function requestOf(tool: Tool, draft: Draft): StartRequest {
  const limits: LimitsRequest = {};
  for (const name of LIMIT_NAMES) {
    const value = draft.limits[name] === "" ? null : LIMITS[name].parse(draft.limits[name]);
    if (value !== null) limits[LIMITS[name].key] = value;
  }
  return {
    tool: tool.name,
    hosts: [...draft.hosts],
    params: Object.fromEntries(Object.entries(draft.params).filter(([, value]) => value !== "")),
    filters: filtersRequest(draft),
    limits,
    reason: draft.reason,
    reveal: draft.reveal,
  };
}

/** The command that starts the same session. Values that are the tool's own defaults are left out; `team` where there is a choice. */
export function commandOf(tool: Tool, draft: Draft, team = ""): string {
  const words = ["fleetscope", "start", tool.name];
  for (const host of draft.hosts) words.push("--host", quote(host));
  for (const [name, value] of Object.entries(draft.filters)) if (value !== "") words.push(`--${name}`, quote(value));
  if (follows(draft)) words.push("--follow");
  for (const [name, values] of excluded(draft)) for (const value of values) words.push(`--not-${name}`, quote(value));
  const defaults = emptyDraft(tool, []);
  for (const [name, value] of Object.entries(draft.params)) {
    if (value !== "" && value !== defaults.params[name]) words.push("--param", quote(`${name}=${value}`));
  }
  for (const name of LIMIT_NAMES) {
    const value = draft.limits[name];
    if (value !== "" && value !== defaults.limits[name]) words.push(LIMITS[name].option, quote(optionValue(name, value)));
  }
  if (team !== "") words.push("--team", quote(team));
  if (draft.reveal) words.push("--reveal");
  if (draft.reason !== "") words.push("--reason", quote(draft.reason));
  return words.join(" ");
}

/** The command takes durations and shares as they are typed, and plain numbers for the rest. */
function optionValue(name: LimitName, text: string): string {
  if (name === "duration" || name === "budget") return text;
  return String(LIMITS[name].parse(text) ?? text);
}

/** What a terminal would obey, were it pasted, is spelled in the way of bash and zsh. */
function quote(word: string): string {
  if (word.search(HIDDEN) >= 0) return `$'${word.replaceAll(/[\\']/g, "\\$&").replace(HIDDEN, unicodeEscape)}'`;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function unicodeEscape(character: string): string {
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`;
}
