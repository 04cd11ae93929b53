/** Signed heads, as proto/checkpoint.py has them. */

import { type Bytes, fromBase64, hex, isSigned, sha256, utf8 } from "./bytes";
import { Broken } from "./lines";

export interface Head {
  readonly size: number;
  readonly root: Bytes;
  readonly time: string;
}

const NOTE =
  /^(?<body>(?<origin>[^\n]+)\n(?<size>0|[1-9][0-9]{0,14})\n(?<root>[A-Za-z0-9+/]{43}=)\ntime (?<time>[^\n]+)\n)\n\u2014 (?<name>[^ \n]{1,200}) (?<blob>[A-Za-z0-9+/=]{1,200})\n$/;

/** Throws Broken when the note is no head of this log. */
export async function opened(note: string, key: Bytes): Promise<Head> {
  const found = NOTE.exec(note)?.groups;
  if (found === undefined) throw new Broken("a head in the file is no signed checkpoint");
  const { body = "", origin = "", size = "", root = "", time = "", name = "", blob = "" } = found;
  if (origin !== (await originOf(key)) || name !== origin) throw new Broken(`a head in the file is of another log, ${origin}`);
  if (!(await isSigned(key, fromBase64(blob).slice(4), utf8(body)))) {
    throw new Broken("a head in the file is not signed by the audit's key");
  }
  return { size: Number(size), root: fromBase64(root), time };
}

async function originOf(key: Bytes): Promise<string> {
  return `fleetscope-audit/${hex(await sha256(key)).slice(0, 16)}`;
}
