import { visible } from "../../format/bytes-text";
import { Select } from "@mantine/core";
import type { Rights } from "../../api/tracing";
import parts from "../../ui/parts.module.css";
import classes from "./start.module.css";

interface Props {
  /** Undefined: not known yet, or no host is chosen. */
  rights: Rights | undefined;
  /** A refusal that is shown already. */
  told: string;
}

/** Before it is sent: may I, and how far; why not, and who can give it. */
export function RightsNotice({ rights, told }: Props) {
  if (rights === undefined) return null;
  if (!rights.allowed) {
    return rights.reason === told ? null : (
      <p className={classes.error} role="status" data-testid="rights-refusal">
        {visible(rights.reason)}
      </p>
    );
  }
  const bounds = boundsText(rights);
  return bounds === "" ? null : (
    <p className={parts.dim} data-testid="rights-bounds">
      Granted here: {bounds}
    </p>
  );
}

export function TeamSelect({ teams, team, choose }: { teams: readonly string[]; team: string; choose: (team: string) => void }) {
  return (
    <Select
      label="Team"
      description="Owns the session; its viewers can see it"
      data={[...teams]}
      value={team}
      allowDeselect={false}
      onChange={(name) => choose(name ?? "")}
      data-testid="team"
    />
  );
}

/** The tightest of what the hosts' grants allow. */
function boundsText({ hosts }: Rights): string {
  const least = (pick: (bounds: Rights["hosts"][number]["bounds"]) => number | null): number | null =>
    hosts.reduce<number | null>((lowest, { bounds }) => {
      const most = pick(bounds);
      return most === null ? lowest : Math.min(most, lowest ?? most);
    }, null);
  const permille = least(({ budget_permille }) => budget_permille);
  const found: readonly [number | null, string][] = [
    [least(({ seconds }) => seconds), "s"],
    [least(({ rows }) => rows), "rows"],
    [permille === null ? null : permille / 10, "% of the CPU"],
    [least(({ hosts: number }) => number), "hosts"],
  ];
  return found.flatMap(([most, unit]) => (most === null ? [] : [`up to ${most} ${unit}`])).join(", ");
}
