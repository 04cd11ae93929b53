/** An exported audit, line by line: the exact bytes and what they say. */

import type { Bytes } from "./bytes";

export interface Line {
  readonly number: number;
  readonly bytes: Bytes; // with the end of the line
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The file is none of ours, or was changed outside its entries. */
export class Broken extends Error {}

/** Throws Broken. */
export function linesOf(file: Bytes): Line[] {
  const lines: Line[] = [];
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let start = 0; start < file.length; ) {
    const end = file.indexOf(0x0a, start);
    const next = end < 0 ? file.length : end + 1;
    const bytes = file.subarray(start, next);
    lines.push({ number: lines.length + 1, bytes, fields: parsed(bytes, decoder, lines.length + 1) });
    start = next;
  }
  return lines;
}

export class Reader {
  private place = 0;

  constructor(private readonly lines: readonly Line[]) {}

  peek(): Line | undefined {
    return this.lines[this.place];
  }

  /** Anything but the signature. */
  more(): boolean {
    return this.peek() !== undefined && !this.nextIs("signature");
  }

  nextIs(kind: string): boolean {
    return this.peek()?.fields.fleetscope === kind;
  }

  expect(kind: string): Line {
    const line = this.peek();
    if (line?.fields.fleetscope !== kind) throw new Broken(`line ${this.place + 1} should be the ${kind}; this is no whole export of an audit`);
    this.place += 1;
    return line;
  }

  entry(): Line | undefined {
    const line = this.peek();
    if (line === undefined || "fleetscope" in line.fields) return undefined;
    this.place += 1;
    return line;
  }

  before(): readonly Line[] {
    return this.lines.slice(0, this.place);
  }
}

export function text(line: Line, name: string): string {
  const value = line.fields[name];
  if (typeof value !== "string") throw new Broken(`line ${line.number} is not as it was exported: ${name} is no text`);
  return value;
}

export function count(line: Line, name: string): number {
  const value = line.fields[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new Broken(`line ${line.number} is not as it was exported: ${name} is no number`);
  return value;
}

export function texts(line: Line, name: string): string[] {
  const value = line.fields[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw new Broken(`line ${line.number} is not as it was exported: ${name} is no list of texts`);
  }
  return value;
}

export function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function parsed(bytes: Bytes, decoder: TextDecoder, number: number): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(decoder.decode(bytes));
    if (typeof found === "object" && found !== null && !Array.isArray(found)) return fields(found);
  } catch {
    // Said below.
  }
  throw new Broken(`line ${number} is no JSON object; this is no whole export of an audit`);
}
