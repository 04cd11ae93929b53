import { Tooltip } from "@mantine/core";
import type { RiskName } from "../api/catalog";
import { Badge, type Tone } from "./parts";

const RISKS: Record<RiskName, { tone: Tone; help: string }> = {
  s0: { tone: "mute", help: "S0: totals only" },
  s1: { tone: "mute", help: "S1: ids, program names, ports, latencies, stacks" },
  s2: { tone: "info", help: "S2: paths, program arguments, host names" },
  s3: { tone: "warn", help: "S3: plaintext of people or programs" },
};

export function RiskBadge({ risk }: { risk: RiskName }) {
  const { tone, help } = RISKS[risk];
  return (
    <Tooltip label={help}>
      <span>
        <Badge tone={tone} plain>
          {risk.toUpperCase()}
        </Badge>
      </span>
    </Tooltip>
  );
}
