import type { RoleName } from "../../api/accounts";
import type { RiskName } from "../../api/catalog";
import type { Grant, Terms } from "../../api/teams";
import { durationMs, durationText, permille, wholeNumber } from "../../format/parse";
import { labelsOf, tagsOf } from "../hosts/labels";

export type BoundName = "max_seconds" | "max_rows" | "max_budget_permille" | "max_hosts";

/** A grant as the form holds it: bounds and labels as they were typed. No `team`: for every team. */
export interface Draft {
  readonly holder: "person" | "members";
  readonly name: string;
  readonly role: RoleName;
  readonly team: string;
  readonly hosts: readonly string[];
  readonly labels: readonly string[];
  readonly risk: RiskName;
  /** Counts while the role is a tracer's. */
  readonly breakGlass: boolean;
  readonly bounds: Readonly<Record<BoundName, string>>;
}

interface BoundField {
  readonly label: string;
  readonly help: string;
  readonly parse: (text: string) => number | null;
  /** As the field shows it, and `parse` reads it back. */
  readonly text: (value: number) => string;
  readonly words: (value: number) => string;
}

const seconds = (text: string): number | null => {
  const ms = durationMs(text);
  return ms === null ? null : Math.floor(ms / 1000);
};

export const BOUNDS: Readonly<Record<BoundName, BoundField>> = {
  max_seconds: { label: "Longest session", help: "90s, 5m, 1h", parse: seconds, text: durationText, words: durationText },
  max_rows: { label: "Most rows", help: "10000, 10k, 2M", parse: wholeNumber, text: String, words: (value) => `${value} rows` },
  max_budget_permille: {
    label: "Most CPU",
    help: "share of a host's CPU, like 3%",
    parse: permille,
    text: (value) => `${value / 10}%`,
    words: (value) => `${value / 10}% CPU`,
  },
  max_hosts: { label: "Most hosts", help: "at once, in one session", parse: wholeNumber, text: String, words: (value) => `${value} hosts` },
};

export const BOUND_NAMES = Object.keys(BOUNDS) as BoundName[];
const UNBOUND: Draft["bounds"] = { max_seconds: "", max_rows: "", max_budget_permille: "", max_hosts: "" };

export function emptyDraft(team: string): Draft {
  return { holder: "person", name: "", role: "viewer", team, hosts: [], labels: [], risk: "s2", breakGlass: false, bounds: UNBOUND };
}

export function draftOf(grant: Grant): Draft {
  const bound = (name: BoundName): string => {
    const value = grant[name] ?? null;
    return value === null ? "" : BOUNDS[name].text(value);
  };
  return {
    holder: grant.holders == null ? "person" : "members",
    name: grant.holders ?? grant.person ?? "",
    role: grant.role,
    team: grant.team ?? "",
    hosts: grant.host_names,
    labels: tagsOf(grant.host_labels),
    risk: grant.risk,
    breakGlass: grant.break_glass,
    bounds: {
      max_seconds: bound("max_seconds"),
      max_rows: bound("max_rows"),
      max_budget_permille: bound("max_budget_permille"),
      max_hosts: bound("max_hosts"),
    },
  };
}

/** An auditor reads all of the audit: teams, hosts and bounds say nothing about it. */
export function termsOf(draft: Draft): Terms {
  const whole = draft.role === "auditor";
  const bound = (name: BoundName): number | null => (whole ? null : BOUNDS[name].parse(draft.bounds[name]));
  return {
    person: draft.holder === "person" ? draft.name : null,
    holders: draft.holder === "members" ? draft.name : null,
    role: draft.role,
    team: whole || draft.team === "" ? null : draft.team,
    host_names: whole ? [] : [...draft.hosts],
    host_labels: whole ? {} : labelsOf(draft.labels),
    risk: draft.risk,
    max_seconds: bound("max_seconds"),
    max_rows: bound("max_rows"),
    max_budget_permille: bound("max_budget_permille"),
    max_hosts: bound("max_hosts"),
    break_glass: draft.role === "tracer" && draft.breakGlass,
  };
}

/** What is wrong with what was typed; null: nothing. Empty is no bound. */
export function boundProblem(name: BoundName, text: string): string | null {
  if (text.trim() === "") return null;
  const value = BOUNDS[name].parse(text);
  return value === null || value < 1 ? `Write it like ${BOUNDS[name].help}, or leave it empty.` : null;
}

export function labelProblem(labels: readonly string[]): string | null {
  return labels.every((label) => label.indexOf("=") > 0) ? null : "Write key=value.";
}

export function complete(draft: Draft): boolean {
  if (draft.name.trim() === "") return false;
  return draft.role === "auditor" || (labelProblem(draft.labels) === null && BOUND_NAMES.every((name) => boundProblem(name, draft.bounds[name]) === null));
}

export function holderText(grant: Grant): string {
  return grant.holders == null ? (grant.person ?? "") : `members of ${grant.holders}`;
}

export function boundsText(grant: Grant): string {
  const found = BOUND_NAMES.flatMap((name) => {
    const value = grant[name] ?? null;
    return value === null ? [] : [BOUNDS[name].words(value)];
  });
  return found.join(", ") || "no bounds";
}

export function everyHost(grant: Grant): boolean {
  return grant.host_names.length === 0 && Object.keys(grant.host_labels).length === 0;
}
