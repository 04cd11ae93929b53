/** The hash tree of RFC 9162, as proto/merkle.py has it. */

import { type Bytes, equal, sha256 } from "./bytes";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function leafHash(data: Bytes): Promise<Bytes> {
  return sha256(LEAF, data);
}

function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(NODE, left, right);
}

/** The right edge of a growing tree. */
export class Frontier {
  size = 0;
  private readonly edge: Bytes[] = [];

  async append(leaf: Bytes): Promise<void> {
    let found = leaf;
    for (let index = this.size; index % 2 === 1; index = (index - 1) / 2) {
      found = await nodeHash(this.edge.pop() ?? found, found);
    }
    this.edge.push(found);
    this.size += 1;
  }

  async root(): Promise<Bytes> {
    const [last, ...before] = this.edge.toReversed();
    let root = last ?? (await sha256());
    for (const left of before) root = await nodeHash(left, root);
    return root;
  }
}

/** RFC 9162, 2.1.3.2. */
export async function includes(leaf: Bytes, index: number, size: number, path: readonly Bytes[], root: Bytes): Promise<boolean> {
  if (index < 0 || index >= size) return false;
  let [place, last, found] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      found = await nodeHash(sibling, found);
      while (place % 2 === 0 && place > 0) [place, last] = [half(place), half(last)];
    } else {
      found = await nodeHash(found, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && equal(found, root);
}

function half(number: number): number {
  return Math.floor(number / 2);
}
