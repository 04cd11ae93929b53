import { visible } from "../format/bytes-text";
import { Tooltip } from "@mantine/core";
import type { Verdict, VerdictState } from "../api/catalog";
import { Badge, type Tone } from "./parts";

const SHOWN: Record<VerdictState, { tone: Tone; text: string }> = {
  checking: { tone: "mute", text: "checking" },
  works: { tone: "ok", text: "works" },
  works_with_loss: { tone: "warn", text: "works, with loss" },
  refused: { tone: "bad", text: "refused" },
  forbidden: { tone: "bad", text: "forbidden" },
};

const UNKNOWN: Verdict = { state: "checking", variant: "", reason: "" };

export function VerdictBadge({ verdict = UNKNOWN }: { verdict?: Verdict | undefined }) {
  const { tone, text } = SHOWN[verdict.state];
  const badge = (
    <span>
      <Badge tone={tone} data-verdict={verdict.state}>
        {text}
      </Badge>
    </span>
  );
  return verdict.reason === "" ? badge : <Tooltip label={visible(verdict.reason)}>{badge}</Tooltip>;
}

export function canRun(verdict: Verdict | undefined): boolean {
  return verdict === undefined || verdict.state === "works" || verdict.state === "works_with_loss" || verdict.state === "checking";
}
