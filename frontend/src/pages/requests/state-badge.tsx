import type { Request } from "../../api/requests";
import { Badge, type Tone } from "../../ui/parts";

const TONES: Record<Request["state"], Tone> = {
  waiting: "info",
  approved: "ok",
  started: "mute",
  denied: "bad",
  expired: "mute",
  void: "mute",
};

export function StateBadge({ request }: { request: Pick<Request, "state" | "review_due"> }) {
  if (request.review_due) return <Badge tone="warn">review due</Badge>;
  return <Badge tone={TONES[request.state]}>{request.state}</Badge>;
}
