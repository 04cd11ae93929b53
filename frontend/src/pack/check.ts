/** Checks an exported audit as server/audit/exported.py does, and names the first entry that does not fit. */

import { type Bytes, equal, fromBase64, fromHex, hex, isSigned, joined, sha256, utf8 } from "./bytes";
import { type Head, opened } from "./checkpoint";
import { Broken, count, fields, type Line, Reader, text, texts } from "./lines";
import { Frontier, includes, leafHash } from "./merkle";

export interface Verdict {
  readonly entries: number;
  readonly head: Head | undefined;
  readonly sha256: string;
}

const CONTEXT = utf8("fleetscope-audit-export-v1\0");

/** Throws Broken with one line for people. */
export async function check(lines: readonly Line[]): Promise<Verdict> {
  const reader = new Reader(lines);
  const header = reader.expect("header");
  if (header.fields.version !== 1) throw new Broken("the file is of another version of this program; check it with that one");
  try {
    return await checked(reader, header);
  } catch (error) {
    if (error instanceof Broken) throw error;
    throw new Broken(`the file is not as it was exported: ${String(error)}`);
  }
}

export function isWhole(header: Line): boolean {
  return Object.keys(fields(header.fields.wanted)).length === 0;
}

async function checked(reader: Reader, header: Line): Promise<Verdict> {
  const key = fromHex(text(header, "log_key"));
  const heads = new Map<number, Head>();
  while (reader.nextIs("head")) {
    const head = await opened(text(reader.expect("head"), "note"), key);
    if (!equal(heads.get(head.size)?.root ?? head.root, head.root)) throw bad(head.size, "two signed heads end with it and differ: the log was forked");
    heads.set(head.size, head);
  }
  const size = Math.max(0, ...heads.keys());
  if (count(header, "size") !== size) throw new Broken("the signed head that the header speaks of is missing");
  const entries = isWhole(header) ? await whole(reader, heads) : await selection(reader, heads.get(size));
  return { entries, head: heads.get(size), sha256: await signed(reader, header, entries) };
}

async function whole(reader: Reader, heads: ReadonlyMap<number, Head>): Promise<number> {
  const tree = new Frontier();
  let agreed = 0;
  while (reader.more()) {
    const block = blockOf(reader);
    const hashes = reader.nextIs("hashes") ? texts(reader.expect("hashes"), "hashes") : [];
    for (const [place, entry] of block.entries()) {
      const stored = hashes[place];
      const number = tree.size + 1;
      if (count(entry, "id") !== number || stored === undefined) throw bad(number, "it is missing or stands elsewhere");
      await tree.append(fromHex(stored));
      if (hex(await leafOf(entry)) !== stored) throw bad(number, "its content was changed");
      const head = heads.get(number);
      if (head === undefined) continue;
      if (!equal(await tree.root(), head.root)) {
        throw bad(agreed + 1, `it or one up to ${number} was replaced: the head signed at ${head.time} does not follow from them`);
      }
      agreed = number;
    }
    if (block.length !== hashes.length || block.length === 0) throw bad(tree.size + 1, "it is missing");
  }
  const last = Math.max(0, ...heads.keys());
  if (last > tree.size) throw bad(tree.size + 1, `it is missing, and with it all up to ${last}, which a signed head covers`);
  return tree.size;
}

function blockOf(reader: Reader): Line[] {
  const block: Line[] = [];
  for (let entry = reader.entry(); entry !== undefined; entry = reader.entry()) block.push(entry);
  return block;
}

async function selection(reader: Reader, head: Head | undefined): Promise<number> {
  let found = 0;
  for (let entry = reader.entry(); entry !== undefined; entry = reader.entry()) {
    const number = count(entry, "id");
    const proof = reader.nextIs("proof") ? reader.expect("proof") : undefined;
    const path = proof?.fields.id === number ? texts(proof, "path").map(fromBase64) : undefined;
    const proven = head !== undefined && path !== undefined && (await includes(await leafOf(entry), number - 1, head.size, path, head.root));
    if (!proven) throw bad(number, "it is not proven by the signed head: it was changed, or its proof was");
    found += 1;
  }
  return found;
}

function leafOf(entry: Line): Promise<Bytes> {
  const ended = entry.bytes.at(-1) === 0x0a;
  return leafHash(ended ? entry.bytes.subarray(0, -1) : entry.bytes);
}

async function signed(reader: Reader, header: Line, entries: number): Promise<string> {
  const digest = await sha256(joined(reader.before().map((line) => line.bytes)));
  const signature = fromBase64(text(reader.expect("signature"), "signature"));
  if (!(await isSigned(fromHex(text(header, "export_key")), signature, joined([CONTEXT, digest])))) {
    throw new Broken("the file was changed after it was exported: its signature does not fit");
  }
  if (entries !== count(header, "entries") || reader.peek() !== undefined) {
    throw new Broken(`${entries} entries are in the file and ${count(header, "entries")} were exported`);
  }
  return hex(digest);
}

function bad(number: number, problem: string): Broken {
  return new Broken(`tampered with at entry ${number}: ${problem}`);
}
