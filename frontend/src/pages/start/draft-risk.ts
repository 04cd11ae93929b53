import type { RiskName, Tool } from "../../api/catalog";
import { canBeListed, isListed } from "./listed";
import { type FieldName, listed, parseComparisons } from "./conditions";

type Params = Readonly<Record<string, string>>;

const MEMORY = /^(?:[a-z0-9_]*:)?(?:str|bytes)(?:\[|$)/;

/**
 * What a session of this draft would reveal: the host decides by the same rules, and has the last word. `allowed`: of
 * each host the calls whose numbers its owner lets anybody read.
 */
export function draftRisk(
  tool: Pick<Tool, "risk" | "params">,
  fields: readonly FieldName[],
  params: Params,
  allowed: readonly (readonly string[])[],
): RiskName {
  if (readsMemory(tool, params) || unlistedTarget(tool, params, allowed) !== null) return "s3";
  const chosen = listed(params.fields);
  const compared = (parseComparisons(params.where ?? "") ?? []).map(({ field }) => field);
  const shown = fields.filter(({ value }) => chosen.length === 0 || chosen.includes(value) || compared.includes(value));
  return shown.reduce<RiskName>((highest, { risk }) => (risk !== "" && risk > highest ? risk : highest), tool.risk);
}

/** What the owners of hosts would have to list for it to be less than S3; null: that would not help. */
export function entryToList(tool: Pick<Tool, "params">, params: Params, allowed: readonly (readonly string[])[]): string | null {
  const target = readsMemory(tool, params) ? null : unlistedTarget(tool, params, allowed);
  return target === null || canBeListed(target) ? target : "/opt/app/server:handle_*";
}

/** The calls whose numbers are read though not every host's owner has listed them; null: none are. */
function unlistedTarget({ params: known = [] }: Pick<Tool, "params">, params: Params, allowed: readonly (readonly string[])[]): string | null {
  const typed = known.filter(({ type }) => type === "arguments");
  const called = known.find(({ type }) => type === "function" || type === "usdt");
  if (typed.length === 0 || called === undefined) return null;
  const items = typed.flatMap(({ name }) => listed(params[name]));
  // A USDT probe without them shows all that it has.
  const numbers = items.length === 0 ? called.type === "usdt" : items.some((item) => item !== "_" && !MEMORY.test(item));
  const target = params[called.name] ?? "";
  return !numbers || (allowed.length > 0 && allowed.every((list) => isListed(target, list))) ? null : target;
}

/** Strings that fields point to, and arguments that are typed as memory. */
function readsMemory({ params: known = [] }: Pick<Tool, "params">, params: Params): boolean {
  return known.some(({ name, type }) => {
    const items = listed(params[name]);
    if (type === "arguments") return items.some((item) => MEMORY.test(item));
    return name === "strings" && items.length > 0;
  });
}
