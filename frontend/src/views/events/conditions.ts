import type { Conditions, Filter } from "../../api/tracing";
import { escapeBytes } from "../../format/bytes-text";
import { formatValue, isText } from "../../format/column";
import { type Column, CType, Role, Unit } from "../../gen/proto/v1/tool_pb";
import { comparisonOf, isSearched, negation, wordsOf } from "./predicate";

/** The different numbers that a column has in the store: which of them are called as somebody searches only the browser knows. */
export type ValuesOf = (column: Column) => Promise<readonly number[]>;

/** Values that one filter may name: the server's own bound. */
const MOST_VALUES = 1000;

/** What the grid's search and filters ask of the store: the same rows as those that `makeMatcher` lets through. */
export async function gridConditions(
  columns: readonly Column[],
  search: string,
  filters: Readonly<Record<string, string>>,
  valuesOf: ValuesOf,
): Promise<Conditions> {
  const found: Filter[] = [];
  for (const column of columns) {
    const text = filters[column.name]?.trim() ?? "";
    if (text !== "") found.push(await columnFilter(column, text, valuesOf));
  }
  const words = wordsOf(search).map(async (word) => wordFilters(columns, word, valuesOf));
  return { filters: found, any_of: await Promise.all(words) };
}

async function columnFilter(column: Column, text: string, valuesOf: ValuesOf): Promise<Filter> {
  const { negated, rest } = negation(text);
  if (isText(column)) return { ...has(column, rest), negated };
  if (column.role === Role.TIME) throw new Error(`${column.name}: mark the time in the timeline above`);
  const comparison = comparisonOf(column, rest);
  if (comparison === null) return { ...(await called(column, rest, valuesOf)), negated };
  return { ...compared(column.name, comparison.sign, comparison.limit), negated };
}

async function wordFilters(columns: readonly Column[], word: string, valuesOf: ValuesOf): Promise<Filter[]> {
  const searched = columns.filter((column) => isText(column) || isSearched(column));
  return Promise.all(searched.map(async (column) => (isText(column) ? has(column, word) : await called(column, word, valuesOf))));
}

function has(column: Column, text: string): Filter {
  const small = text.toLowerCase();
  const plain = column.type === CType.CTYPE_NAME || column.type === CType.CTYPE_STACK;
  return { column: column.name, op: "has", value: plain ? small : escapeBytes(new TextEncoder().encode(small)) };
}

/** Numbers whose name holds the text. Those that are shown as their digits are searched by them. */
async function called(column: Column, text: string, valuesOf: ValuesOf): Promise<Filter> {
  if (isDigits(column)) return { column: column.name, op: "has", value: text };
  const needle = text.toLowerCase();
  const values = (await valuesOf(column)).filter((value) => formatValue(column, value).toLowerCase().includes(needle));
  if (values.length > MOST_VALUES) throw new Error(`${column.name}: more than ${MOST_VALUES} values match ${text}; write more of it`);
  return { column: column.name, op: "in", value: values };
}

const DIGITS = new Set([Unit.NONE, Unit.PID, Unit.TID, Unit.UID, Unit.FD, Unit.PORT, Unit.CGROUP]);

function isDigits(column: Column): boolean {
  return column.symbols.length === 0 && DIGITS.has(column.unit);
}

/** A comparison of whole numbers with what may lie between two of them. */
function compared(column: string, sign: string, limit: number): Filter {
  const whole = Number.isInteger(limit);
  switch (sign) {
    case "<":
      return { column, op: "lt", value: Math.ceil(limit) };
    case "<=":
      return { column, op: "le", value: Math.floor(limit) };
    case ">":
      return { column, op: "gt", value: Math.floor(limit) };
    case ">=":
      return { column, op: "ge", value: Math.ceil(limit) };
    default:
      return whole ? { column, op: "eq", value: limit } : { column, op: "in", value: [] };
  }
}
