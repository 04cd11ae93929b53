import { escapeBytes, visibleLines } from "../../format/bytes-text";

const PER_LINE = 16;
const SAMPLE = 512;

/** The classic dump: offset, sixteen bytes, the same as ASCII. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) lines.push(hexLine(bytes.subarray(at, at + PER_LINE), at));
  return lines.join("\n");
}

function hexLine(part: Uint8Array, at: number): string {
  const digits = Array.from(part, (byte) => byte.toString(16).padStart(2, "0"));
  const hex = `${digits.slice(0, 8).join(" ")}  ${digits.slice(8).join(" ")}`;
  const ascii = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
  return `${at.toString(16).padStart(8, "0")}  ${hex.padEnd(3 * PER_LINE)}  |${ascii}|`;
}

/** Lines stay lines; everything else that a screen would hide or obey is spelled out. Hex has what a line end was made of. */
export function plainText(bytes: Uint8Array): string {
  return visibleLines(escapeBytes(bytes));
}

/** Whether it reads better as hex: more than a tenth of its first bytes are neither text nor line ends. */
export function looksBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE);
  if (sample.length === 0) return false;
  let odd = 0;
  for (const byte of sample) if ((byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f) odd++;
  const text = new TextDecoder().decode(sample, { stream: true });
  for (const character of text) if (character === "\ufffd") odd++;
  return odd * 10 > sample.length;
}

export interface Piece {
  readonly text: string;
  readonly found: boolean;
}

/** The text cut at every occurrence of `search`, blind to case. */
export function piecesOf(text: string, search: string): Piece[] {
  const needle = search.toLowerCase();
  if (needle === "") return [{ text, found: false }];
  const lower = text.toLowerCase();
  // A few characters change their length with their case; then their places cannot be told and nothing is marked.
  if (lower.length !== text.length) return [{ text, found: false }];
  const pieces: Piece[] = [];
  let at = 0;
  for (let hit = lower.indexOf(needle); hit >= 0; hit = lower.indexOf(needle, at)) {
    if (hit > at) pieces.push({ text: text.slice(at, hit), found: false });
    at = hit + needle.length;
    pieces.push({ text: text.slice(hit, at), found: true });
  }
  if (at < text.length) pieces.push({ text: text.slice(at), found: false });
  return pieces;
}
