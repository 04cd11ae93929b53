import type { RiskName } from "../../api/catalog";

/** A field of a tracepoint as the host describes it. */
export interface FieldName {
  readonly value: string;
  readonly detail: string;
  readonly risk: RiskName | "";
  readonly shape: string;
}

/** One comparison as typed. */
export interface Comparison {
  readonly field: string;
  readonly op: string;
  readonly value: string;
}

const COMPARISON = /^\s*(\w+)\s*(==|!=|<=|>=|\^=|<|>|&(?!&))\s*("(?:[^"\\]|\\.)*"|[\w+.-]*)\s*/;
const AND = /^(?:and\b|&&)\s*/i;

export function operatorsOf(shape: string): readonly string[] {
  return shape === "text" ? ["==", "!=", "^="] : ["==", "!=", "<", "<=", ">", ">=", "&"];
}

/** Null: it is not written as a row of comparisons. */
export function parseComparisons(text: string): Comparison[] | null {
  const found: Comparison[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const match = COMPARISON.exec(rest);
    if (match === null) return null;
    found.push({ field: match[1] ?? "", op: match[2] ?? "", value: unquoted(match[3] ?? "") });
    rest = rest.slice(match[0].length);
    const joint = AND.exec(rest);
    if (rest !== "" && joint === null) return null;
    rest = rest.slice(joint?.[0].length ?? 0);
  }
  return found;
}

export function comparisonsText(rows: readonly Comparison[], fields: readonly FieldName[]): string {
  const isText = (name: string): boolean => fields.find(({ value }) => value === name)?.shape === "text";
  return rows.map(({ field, op, value }) => `${field} ${op} ${isText(field) || value.trim() === "" ? quoted(value) : value}`).join(" and ");
}

/** What a session would reveal: the host decides by the same rule, and has the last word. */
export function riskOf(own: RiskName, fields: readonly FieldName[], params: Readonly<Record<string, string>>): RiskName {
  if ((params.strings ?? "") !== "") return "s3";
  const chosen = listed(params.fields);
  const compared = (parseComparisons(params.where ?? "") ?? []).map(({ field }) => field);
  const shown = fields.filter(({ value }) => chosen.length === 0 || chosen.includes(value) || compared.includes(value));
  return shown.reduce<RiskName>((highest, { risk }) => (risk !== "" && risk > highest ? risk : highest), own);
}

export function listed(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function quoted(value: string): string {
  return `"${value.replaceAll('"', '\\"')}"`;
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll('\\"', '"') : value;
}
