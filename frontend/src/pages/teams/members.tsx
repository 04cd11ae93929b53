import { ActionIcon, Autocomplete, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { users } from "../../api/accounts";
import { joinTeam, leaveTeam, type Team } from "../../api/teams";
import { IconX } from "../../ui/icons";
import { errorText } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { Outcome } from "../settings/form-parts";
import classes from "./teams.module.css";
import { useChange } from "./use-change";

/** Who gets what is granted to the team's members. */
export function Members({ team }: { team: Team }) {
  const leave = useChange((username: string) => leaveTeam(team.name, username));
  return (
    <>
      <div className={classes.members}>
        {team.members.length === 0 && <span className={parts.dim}>No members yet: nobody has what is granted to them.</span>}
        <ul aria-label={`Members of ${team.name}`}>
          {team.members.map((name) => (
            <li key={name} className={classes.member} data-testid="team-member">
              {name}
              {team.may_change && (
                <ActionIcon size="sm" aria-label={`Take ${name} out of ${team.name}`} loading={leave.isPending && leave.variables === name} onClick={() => leave.mutate(name)}>
                  <IconX size={14} />
                </ActionIcon>
              )}
            </li>
          ))}
        </ul>
        {team.may_change && <Join team={team} />}
      </div>
      {leave.error !== null && (
        <div className={classes.trouble}>
          <Outcome error={leave.error} done={null} />
        </div>
      )}
    </>
  );
}

function Join({ team }: { team: Team }) {
  const [name, setName] = useState("");
  const known = useQuery(users).data ?? [];
  const join = useChange((username: string) => joinTeam(team.name, username), () => setName(""));
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    join.mutate(name.trim());
  };
  return (
    <form className={classes.join} onSubmit={submit}>
      <Autocomplete
        size="xs"
        aria-label={`A person to join ${team.name}`}
        placeholder="user name"
        data={known.map((user) => user.username).filter((username) => !team.members.includes(username))}
        value={name}
        onChange={(text) => {
          setName(text);
          join.reset();
        }}
        error={join.error !== null && errorText(join.error)}
        data-testid="team-join-name"
      />
      <Button type="submit" variant="default" loading={join.isPending} disabled={name.trim() === ""} data-testid="team-join">
        Add member
      </Button>
    </form>
  );
}
