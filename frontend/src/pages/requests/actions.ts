import type { Request } from "../../api/requests";

export type Action = "approve" | "sign" | "deny" | "withdraw" | "start" | "review";

type Known = Pick<Request, "state" | "created_by" | "needed" | "signed" | "break_glass" | "review_due" | "voices">;

/** What this person can do with the request now; the server decides by the same rules. */
export function actionsOf(request: Known, person: string, mayApprove: boolean): Action[] {
  const own = request.created_by === person;
  if (request.review_due) return !own && mayApprove ? ["review"] : [];
  if (request.state === "approved") return own ? ["start", "withdraw"] : mayApprove ? ["deny"] : [];
  if (request.state !== "waiting") return [];
  const spoken = request.voices.some((voice) => voice.person === person);
  if (own) return request.signed && !spoken ? ["sign", "withdraw"] : ["withdraw"];
  if (!mayApprove) return [];
  if (spoken || request.break_glass) return ["deny"];
  return [request.signed ? "sign" : "approve", "deny"];
}

/** Whose word a waiting request still lacks. */
export function missing(request: Known): string {
  const asked = request.voices.some((voice) => voice.part === "requester");
  const others = request.needed - request.voices.filter((voice) => voice.part === "approver").length;
  const lacking = [
    request.signed && !asked ? `the signature of ${request.created_by}` : "",
    !request.break_glass && others > 0 ? `the agreement of ${others} ${others === 1 ? "other" : "others"}` : "",
  ];
  return lacking.filter(Boolean).join(" and ");
}
