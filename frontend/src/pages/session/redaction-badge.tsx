import { Tooltip } from "@mantine/core";
import { count } from "../../format/numbers";
import type { RunState } from "../../gen/proto/v1/live_pb";
import { Badge } from "../../ui/parts";
import { redactedKinds } from "./ledger";

/** Whether secrets were taken out of the rows before they left their hosts, or left in because a person asked for it. */
export function RedactionBadge({ reveal, runs }: { reveal: boolean; runs: readonly RunState[] }) {
  const kinds = redactedKinds(runs);
  if (!reveal && kinds.length === 0) return null;
  const total = kinds.reduce((sum, [, values]) => sum + values, 0n);
  const help = reveal
    ? "Asked for without redaction: rows may hold passwords and keys"
    : `The hosts replaced secrets before anything left them: ${kinds.map(([kind, values]) => `${kind} ${count(values)}`).join(", ")}`;
  return (
    <Tooltip label={help}>
      <span tabIndex={0} data-testid="redaction" aria-label={help}>
        <Badge tone={reveal ? "warn" : "info"}>{reveal ? "not redacted" : `${count(total)} redacted`}</Badge>
      </span>
    </Tooltip>
  );
}
