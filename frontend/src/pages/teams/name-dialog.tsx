import { Button, Modal, TextInput } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import { addTeam, renameTeam } from "../../api/teams";
import { Outcome } from "../settings/form-parts";
import classes from "./teams.module.css";
import { useChange } from "./use-change";

/** `team`: the one to rename; empty: a new one. */
export function NameDialog({ team, close }: { team: string | null; close: () => void }) {
  return (
    <Modal opened={team !== null} onClose={close} title={team === "" ? "New team" : `Rename ${team ?? ""}`}>
      {team !== null && <NameForm team={team} done={close} />}
    </Modal>
  );
}

function NameForm({ team, done }: { team: string; done: () => void }) {
  const [name, setName] = useState(team);
  const save = useChange((chosen: string) => (team === "" ? addTeam(chosen) : renameTeam(team, chosen)), done);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    save.mutate(name.trim());
  };
  return (
    <form onSubmit={submit} className={classes.form}>
      <TextInput
        label="Name"
        description="Sessions name it as their owner"
        required
        withAsterisk={false}
        data-autofocus
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-testid="team-name"
      />
      <Outcome error={save.error} done={null} />
      <Button type="submit" loading={save.isPending} disabled={name.trim() === "" || name.trim() === team} data-testid="team-save">
        {team === "" ? "Add the team" : "Rename"}
      </Button>
    </form>
  );
}
