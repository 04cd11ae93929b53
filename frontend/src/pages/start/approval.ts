import type { RiskName } from "../../api/catalog";
import type { Host } from "../../api/fleet";

/** Why others have to agree before this starts; null: nobody has to. The server decides by the same rules. */
export function whyApproval(risk: RiskName, hosts: readonly Pick<Host, "name" | "approvals_needed">[], alone: number): string | null {
  const strict = hosts.filter(({ approvals_needed }) => risk === "s3" && approvals_needed > 0);
  if (strict.length > 0) {
    const people = Math.max(...strict.map(({ approvals_needed }) => approvals_needed));
    const names = strict.map(({ name }) => name).join(", ");
    return `${names} ${strict.length === 1 ? "wants" : "want"} plaintext signed by you and ${people} ${people === 1 ? "other" : "others"}.`;
  }
  return alone > 0 && hosts.length > alone ? `It runs on ${hosts.length} hosts; more than ${alone} needs somebody else to agree.` : null;
}
