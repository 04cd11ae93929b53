/**
 * Bytes from a kernel as text, by the product's one rule: valid UTF-8 stays, a backslash is written twice, any other byte
 * becomes \xNN. `visible` then spells out what a screen would hide or obey, control and bidirectional characters; a backslash of
 * the text itself is double by then, so that neither can be taken for the other.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function escapeBytes(bytes: Uint8Array): string {
  return decodeLossless(bytes);
}

function decodeLossless(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes).replaceAll("\\", "\\\\");
  } catch {
    return decodeByPieces(bytes);
  }
}

function decodeByPieces(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
      at++;
    } else {
      text += strict.decode(bytes.subarray(at, at + length)).replaceAll("\\", "\\\\");
      at += length;
    }
  }
  return text;
}

/** Length of the valid UTF-8 sequence at `at`; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length <= 1) return length;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

const encoder = new TextEncoder();

/** The bytes of an escaped text. Throws when a backslash starts neither of the two escapes. */
export function unescapeBytes(text: string): Uint8Array {
  if (!text.includes("\\")) return encoder.encode(text);
  const parts: number[] = [];
  for (const [token] of text.matchAll(/\\\\|\\x[0-9a-f]{2}|[^\\]+|\\/g)) {
    if (token === "\\") throw new Error(`Stray backslash in ${JSON.stringify(text.slice(0, 80))}`);
    if (token === "\\\\") parts.push(0x5c);
    else if (token.startsWith("\\x")) parts.push(Number.parseInt(token.slice(2), 16));
    else parts.push(...encoder.encode(token));
  }
  return Uint8Array.from(parts);
}

/** What a screen would hide or obey: control and format characters (bidirectional, zero-width, tags, soft hyphen), separators of lines and paragraphs. */
export const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\u001b": "\\e" };

export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const short = SHORT[character];
    if (short !== undefined) return short;
    const hex = code.toString(16);
    if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
}

/** As `visible`, but lines stay lines and tabs stay tabs. */
export function visibleLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.split("\t").map(visible).join("\t"))
    .join("\n");
}

/** The arguments of a NUL-separated argv. */
export function splitArgv(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= bytes.length; i++) {
    if (i === bytes.length ? i > start : bytes[i] === 0) {
      parts.push(bytes.subarray(start, i));
      start = i + 1;
    }
  }
  return parts;
}
