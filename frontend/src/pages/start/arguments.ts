/** One argument of a call as typed; `length`: bytes to read, or the argument that says how many. */
export interface Argument {
  readonly name: string;
  readonly type: string;
  readonly length: string;
}

/** Stands in an argument's place and shows nothing of it. */
export const SKIPPED = "_";
export const NUMBER_TYPES = ["s8", "s16", "s32", "s64", "u8", "u16", "u32", "u64", "hex"] as const;
/** Types for which memory of the program is read. */
export const MEMORY_TYPES = ["str", "bytes"] as const;

const ITEM = new RegExp(`^(?:([a-z0-9_]*):)?(${[...NUMBER_TYPES, ...MEMORY_TYPES].join("|")})(?:\\[([\\w:]*)\\])?$`);

export function readsMemory(type: string): boolean {
  return MEMORY_TYPES.some((memory) => memory === type);
}

/** Null: it is not written as a list of names and types. */
export function parseArguments(text: string): Argument[] | null {
  if (text.trim() === "") return [];
  const found = text.split(",").map((item) => parseArgument(item.trim()));
  return found.every((argument) => argument !== null) ? found : null;
}

function parseArgument(item: string): Argument | null {
  if (item === SKIPPED) return { name: "", type: SKIPPED, length: "" };
  const match = ITEM.exec(item);
  return match === null ? null : { name: match[1] ?? "", type: match[2] ?? "", length: match[3] ?? "" };
}

export function argumentsText(rows: readonly Argument[]): string {
  return rows.map(argumentText).join(",");
}

function argumentText({ name, type, length }: Argument): string {
  if (type === SKIPPED) return SKIPPED;
  const sized = readsMemory(type) && length !== "" ? `${type}[${length}]` : type;
  return name === "" ? sized : `${name}:${sized}`;
}

/** What a typed name becomes: only what a column may be called. */
export function asName(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_");
}

export function asLength(text: string): string {
  return text.replaceAll(/[^\w:]/g, "");
}
