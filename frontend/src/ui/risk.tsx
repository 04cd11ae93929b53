import { Tooltip } from "@mantine/core";
import type { RiskName, Tool } from "../api/catalog";
import { Badge, CopyLine, type Tone } from "./parts";
import parts from "./parts.module.css";
import { RISK_HELP } from "./risk-help";

const TONES: Record<RiskName, Tone> = { s0: "mute", s1: "mute", s2: "info", s3: "warn" };

/** `more`: what makes a session S3, whatever it is without that. */
export function RiskBadge({ risk, more = "" }: { risk: RiskName; more?: string }) {
  const help = RISK_HELP[risk];
  return (
    <Tooltip label={more === "" ? help : `${help}; with ${more} ${RISK_HELP.s3}`}>
      <span>
        <Badge tone={TONES[risk]} plain>
          {risk.toUpperCase()}
          {more !== "" && `, S3 with ${more}`}
        </Badge>
      </span>
    </Tooltip>
  );
}

/** What sessions of the tool may reveal: columns that are known only at the start may hold anything. */
export function ToolRisk({ tool }: { tool: Pick<Tool, "risk" | "streams"> }) {
  const dynamic = (tool.streams ?? []).map((stream) => stream.dynamic ?? "").find((from) => from !== "");
  return <RiskBadge risk={tool.risk} more={tool.risk === "s3" || dynamic === undefined ? "" : dynamic === "tracepoint" ? "strings" : "arguments"} />;
}

interface NoticeProps {
  refused: boolean;
  /** What an owner would list so that the numbers are S2; null: it is not for numbers alone. */
  entry?: string | null;
}

/** Before plaintext is recorded: what that means, and what a host's owner has to do where it is refused. */
export function PlaintextNotice({ refused, entry = null }: NoticeProps) {
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
      {entry !== null && <NumbersNotice entry={entry} />}
    </div>
  );
}

/** A number can be a key that somebody types. The owner of a host knows for which calls it cannot. */
function NumbersNotice({ entry }: { entry: string }) {
  return (
    <>
      <p data-testid="numbers-notice">
        Numbers of a call can be what somebody types. Without them this is S2, and with them too where the owner of the host has listed the
        call in its policy file under [numbers], by the whole path of the program or library:
      </p>
      <CopyLine text={`allow = [${JSON.stringify(entry)}]`} label="Copy the entry" />
    </>
  );
}
