import { Tooltip } from "@mantine/core";
import type { RiskName, Tool } from "../api/catalog";
import { Badge, CopyLine, type Tone } from "./parts";
import parts from "./parts.module.css";

const RISKS: Record<RiskName, { tone: Tone; help: string }> = {
  s0: { tone: "mute", help: "S0: totals only" },
  s1: { tone: "mute", help: "S1: ids, program names, ports, latencies, stacks" },
  s2: { tone: "info", help: "S2: paths, program arguments, host names" },
  s3: { tone: "warn", help: "S3: plaintext of people or programs" },
};

/** `strings`: a session that reads some is S3, whatever it is without them. */
export function RiskBadge({ risk, strings = false }: { risk: RiskName; strings?: boolean }) {
  const { tone, help } = RISKS[risk];
  return (
    <Tooltip label={strings ? `${help}; with strings ${RISKS.s3.help}` : help}>
      <span>
        <Badge tone={tone} plain>
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
