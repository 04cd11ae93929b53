import type { Symbol as Named } from "../gen/proto/v1/tool_pb";

type Names = readonly Pick<Named, "value" | "name">[];

/** What a number is called: by one name, or by those of the bits that are set. What has no name stays a number. */
export function symbolText(names: Names, flags: boolean, value: number | bigint): string {
  const bits = BigInt.asUintN(64, BigInt(value));
  const same = names.find((symbol) => BigInt.asUintN(64, symbol.value) === bits);
  if (same !== undefined) return same.name;
  return flags && bits !== 0n ? flagsText(names, bits) : value.toString();
}

function flagsText(names: Names, value: bigint): string {
  let rest = value;
  const found: string[] = [];
  for (const { value: bits, name } of names) {
    const wanted = BigInt.asUintN(64, bits);
    if (wanted !== 0n && (rest & wanted) === wanted) {
      found.push(name);
      rest &= ~wanted;
    }
  }
  return [...found, ...(rest === 0n ? [] : [`0x${rest.toString(16)}`])].join("|");
}
