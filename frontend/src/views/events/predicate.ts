import { type Column, Role, Unit } from "../../gen/proto/v1/tool_pb";
import { errnoName } from "../../format/errno";
import { formatValue, isText } from "../../format/column";
import { type Chunk, type ColumnData, columnOf, type Dictionary, entryCount } from "../../stream/chunk";

/** Row indices of a chunk that pass, ascending. */
export type Matcher = (chunk: Chunk) => Uint32Array;

/** Has the run no column of this index? */
export type Lacks = (run: number, column: number) => boolean;

type RowTest = (row: number) => boolean;
type ColumnTest = (data: ColumnData) => RowTest;

/** What to write into a column's filter. */
export function filterHint(column: Column): string {
  if (isText(column)) return "contains; !not";
  if (column.symbols.length > 0) return "name; !name; =";
  if (column.unit === Unit.ERRNO) return "ENOENT; !0";
  return "=, !, <, >";
}

/** A matcher from a quick search and one text a column; empty texts pass everything. Throws what is wrong with a text. */
export function makeMatcher(
  columns: readonly Column[],
  search: string,
  filters: Readonly<Record<string, string>>,
  lacks: Lacks = () => false,
): Matcher | null {
  const tests: { index: number; test: ColumnTest }[] = [];
  columns.forEach((column, index) => {
    const text = filters[column.name]?.trim() ?? "";
    if (text !== "") tests.push({ index, test: columnTest(column, text) });
  });
  const words = wordsOf(search);
  if (tests.length === 0 && words.length === 0) return null;
  return (chunk) => {
    const rowTests = tests.map(({ index, test }) => present(chunk, index, test(columnOf(chunk, index)), lacks));
    const wordTests = words.map((word) => anyColumn(columns, chunk, word));
    return select(chunk.rows, [...rowTests, ...wordTests]);
  };
}

/** A row of a host that has no such column passes no filter on it. */
function present(chunk: Chunk, index: number, test: RowTest, lacks: Lacks): RowTest {
  return (row) => !lacks(chunk.runs[row] ?? 0, index) && test(row);
}

function select(rows: number, tests: readonly RowTest[]): Uint32Array {
  const found = new Uint32Array(rows);
  let length = 0;
  for (let row = 0; row < rows; row++) {
    if (tests.every((test) => test(row))) found[length++] = row;
  }
  return found.slice(0, length);
}

/** The text of a filter, and whether it is turned round. */
export function negation(text: string): { negated: boolean; rest: string } {
  const negated = text.startsWith("!");
  return { negated, rest: negated ? text.replace(/^!=?/, "").trim() : text };
}

export function wordsOf(search: string): string[] {
  return search
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
}

/** Does the quick search look into the column's numbers? */
export function isSearched(column: Column): boolean {
  return column.role !== Role.TIME && column.role !== Role.MEASURE;
}

function columnTest(column: Column, text: string): ColumnTest {
  const { negated, rest } = negation(text);
  const test = isText(column) ? containsTest(rest) : numberTest(column, rest);
  if (!negated) return test;
  return (data) => {
    const inner = test(data);
    return (row) => !inner(row);
  };
}

function anyColumn(columns: readonly Column[], chunk: Chunk, word: string): RowTest {
  const contains = containsTest(word);
  const tests = columns.flatMap((column, index) => {
    const data = columnOf(chunk, index);
    if (data.kind === "bytes" || data.kind === "stack") return [contains(data)];
    return isSearched(column) ? [shownNumberTest(column, data, word)] : [];
  });
  return (row) => tests.some((test) => test(row));
}

function containsTest(text: string): ColumnTest {
  const needle = new TextEncoder().encode(text.toLowerCase());
  return (data) => {
    if (data.kind === "bytes") {
      const found = entriesWith(data.dictionary, needle);
      return (row) => found[data.codes[row] ?? 0] === 1;
    }
    if (data.kind === "stack") {
      const found = entriesWith(data.dictionary, needle);
      return (row) => hasFrame(data, row, found);
    }
    return (row) => String(data.values[row]).includes(text);
  };
}

function hasFrame(data: Extract<ColumnData, { kind: "stack" }>, row: number, found: Uint8Array): boolean {
  for (let i = data.offsets[row] ?? 0; i < (data.offsets[row + 1] ?? 0); i++) if (found[data.codes[i] ?? 0] === 1) return true;
  return false;
}

/** Which entries of a dictionary hold the needle, compared byte by byte and blind to ASCII case. */
export function entriesWith({ offsets, data }: Dictionary, needle: Uint8Array): Uint8Array {
  const found = new Uint8Array(entryCount({ offsets, data }));
  for (let code = 0; code < found.length; code++) {
    const end = (offsets[code + 1] ?? 0) - needle.length;
    for (let at = offsets[code] ?? 0; at <= end; at++) {
      if (matchesAt(data, at, needle)) {
        found[code] = 1;
        break;
      }
    }
  }
  return found;
}

function matchesAt(data: Uint8Array, at: number, needle: Uint8Array): boolean {
  for (let i = 0; i < needle.length; i++) {
    const byte = data[at + i] ?? 0;
    if ((byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte) !== needle[i]) return false;
  }
  return true;
}

/** Ids and names of errors, flags and signals, searched as they are shown; each distinct value is formatted once. */
function shownNumberTest(column: Column, data: ColumnData, word: string): RowTest {
  if (data.kind !== "number" && data.kind !== "big") return () => false;
  const needle = word.toLowerCase();
  const known = new Map<number | bigint, boolean>();
  return (row) => {
    const value = data.values[row] ?? 0;
    let hit = known.get(value);
    if (hit === undefined) {
      hit = formatValue(column, value).toLowerCase().includes(needle);
      known.set(value, hit);
    }
    return hit;
  };
}

const SCALES: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

export interface Comparison {
  readonly sign: Sign;
  readonly limit: number;
}

/** What the text of a number's filter compares with; null: it is a part of a name. Throws what is wrong with it. */
export function comparisonOf(column: Column, text: string): Comparison | null {
  if ((column.symbols.length > 0 && /^[a-z]/i.test(text)) || column.unit === Unit.OPEN_FLAGS || (column.unit === Unit.SIGNAL && /^[a-z]/i.test(text))) {
    return null;
  }
  const match = /^(<=|>=|<|>|=)?\s*(0x[0-9a-f]+|-?\d+(?:\.\d+)?|E[A-Z0-9]+)\s*([a-zµ]*)$/i.exec(text);
  const limit = match === null ? null : amount(column, match[2] ?? "", match[3] ?? "");
  if (limit === null) throw new Error(`${column.name}: write a number, like 42, >1000 or <5ms`);
  return { sign: (match?.[1] ?? "=") as Sign, limit };
}

function numberTest(column: Column, text: string): ColumnTest {
  const comparison = comparisonOf(column, text);
  if (comparison === null) return (data) => shownNumberTest(column, data, text);
  const { sign, limit } = comparison;
  const compare = COMPARISONS[sign];
  return (data) => {
    if (data.kind !== "number" && data.kind !== "big") return () => false;
    const { values } = data;
    return (row) => compare(Number(values[row] ?? 0), limit);
  };
}

function amount(column: Column, number: string, suffix: string): number | null {
  if (/^E/i.test(number)) return column.unit === Unit.ERRNO ? errnoOf(number.toUpperCase()) : null;
  const scale = suffix === "" ? 1 : SCALES[suffix.toLowerCase()];
  if (scale === undefined) return null;
  return (Number(number) * scale) / (column.unit === Unit.MICROSECONDS && /s$/.test(suffix) ? 1000 : 1);
}

function errnoOf(name: string): number | null {
  for (let value = 1; value < 140; value++) if (errnoName(value) === name) return value;
  return null;
}

type Sign = "=" | "<" | ">" | "<=" | ">=";

const COMPARISONS: Readonly<Record<Sign, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
};
