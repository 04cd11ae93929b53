import type { RiskName, Tool } from "../../api/catalog";
import { type FieldName, listed, parseComparisons } from "./conditions";

type Params = Readonly<Record<string, string>>;

const MEMORY = /^(?:[a-z0-9_]*:)?(?:str|bytes)(?:\[|$)/;

/** What a session of this draft would reveal: the host decides by the same rules, and has the last word. */
export function draftRisk(tool: Pick<Tool, "risk" | "params">, fields: readonly FieldName[], params: Params): RiskName {
  if (readsMemory(tool, params)) return "s3";
  const chosen = listed(params.fields);
  const compared = (parseComparisons(params.where ?? "") ?? []).map(({ field }) => field);
  const shown = fields.filter(({ value }) => chosen.length === 0 || chosen.includes(value) || compared.includes(value));
  return shown.reduce<RiskName>((highest, { risk }) => (risk !== "" && risk > highest ? risk : highest), tool.risk);
}

/** Strings that fields point to, and arguments that are typed as memory. */
function readsMemory({ params: known = [] }: Pick<Tool, "params">, params: Params): boolean {
  return known.some(({ name, type }) => {
    const items = listed(params[name]);
    if (type === "arguments") return items.some((item) => MEMORY.test(item));
    return name === "strings" && items.length > 0;
  });
}
