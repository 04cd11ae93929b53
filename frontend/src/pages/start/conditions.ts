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

const EQUAL = [
  ["==", "is"],
  ["!=", "is not"],
] as const;
const NUMERIC = [...EQUAL, ["<", "is below"], ["<=", "is at most"], [">", "is above"], [">=", "is at least"], ["&", "has the bits"]] as const;
const TEXTUAL = [...EQUAL, ["^=", "begins with"]] as const;
const BARE = /^[\w+.-]+$/;
const NUMBER_OR_NAME = /^(-?\d+|-?0x[0-9a-f]+|[a-z_][\w+.-]*)$/i;

/** The operators that compare such a field, with what they are called. */
export function operatorsOf(shape: string): readonly (readonly [string, string])[] {
  return shape === "text" ? TEXTUAL : NUMERIC;
}

/** What is wrong with the value for such a field; null: nothing. */
export function misfit(shape: string, value: string): string | null {
  if (shape === "text" || value === "" || NUMBER_OR_NAME.test(value)) return null;
  return "Write a number, like 42 or 0x2a.";
}

/** The fields as they are compared: a pointer whose string is read is a text. */
export function followed(fields: readonly FieldName[], params: Readonly<Record<string, string>>): readonly FieldName[] {
  const read = listed(params.strings);
  return fields.map((field) => (read.includes(field.value) ? { ...field, shape: "text" } : field));
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
  return rows.map(({ field, op, value }) => `${field} ${op} ${isText(field) || !BARE.test(value) ? quoted(value) : value}`).join(" and ");
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
