import type { RiskName } from "../../api/catalog";

/** Why this draft cannot be kept as a template; null: it can. The server decides by the same rules. `approval`: why it needs one. */
export function whyNotKept(risk: RiskName, approval: string | null): string | null {
  if (risk !== "s0" && risk !== "s1") return `This cannot be kept as a template: it is ${risk.toUpperCase()}, and only S0 and S1 start with nobody there.`;
  return approval === null ? null : "This cannot be kept as a template: it needs approval, and nobody is there to ask for it.";
}
