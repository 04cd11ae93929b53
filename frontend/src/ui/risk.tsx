import { Tooltip } from "@mantine/core";
import type { RiskName, Tool } from "../api/catalog";
import { Badge, CopyLine, type Tone } from "./parts";
import parts from "./parts.module.css";
import { RISK_HELP } from "./risk-help";

const TONES: Record<RiskName, Tone> = { s0: "mute", s1: "mute", s2: "info", s3: "warn" };

/** `strings`: a session that reads some is S3, whatever it is without them. */
export function RiskBadge({ risk, strings = false }: { risk: RiskName; strings?: boolean }) {
  const help = RISK_HELP[risk];
  return (
    <Tooltip label={strings ? `${help}; with strings ${RISK_HELP.s3}` : help}>
      <span>
        <Badge tone={TONES[risk]} plain>
          {risk.toUpperCase()}
          {strings && ", S3 with strings"}
        </Badge>
      </span>
    </Tooltip>
  );
}

/** What sessions of the tool may reveal: columns that are known only at the start may hold any string. */
export function ToolRisk({ tool }: { tool: Pick<Tool, "risk" | "streams"> }) {
  return <RiskBadge risk={tool.risk} strings={tool.risk !== "s3" && (tool.streams ?? []).some(({ dynamic = "" }) => dynamic !== "")} />;
}

/** Before plaintext is recorded: what that means, and what a host's owner has to do where it is refused. */
export function PlaintextNotice({ refused }: { refused: boolean }) {
  return (
    <div className={parts.warning} role="note" data-testid="plaintext-notice">
      <p>
        <strong>S3: plaintext of people or programs.</strong> What is recorded may hold passwords, keys and private messages. Whoever may view
        sessions can read it until the session is deleted; who started it, viewed it or exported it stands in the audit.
      </p>
      {refused && (
        <>
          <p>
            Hosts refuse this class by default. The owner of a host allows it there, as root, in its policy file (/etc/fleetscope/policy.toml
            where the agent was installed as a package):
          </p>
          <CopyLine text={'risk = ["S0", "S1", "S2", "S3"]'} label="Copy the line" />
        </>
      )}
    </div>
  );
}
