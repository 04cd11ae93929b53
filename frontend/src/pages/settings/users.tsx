import { Button, PasswordInput, Select, Switch, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { changeUser, createUser, type RoleName, type User, users } from "../../api/accounts";
import { Failure, Loading } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { useConfirmed } from "./confirm";
import { FactorsOf } from "./factors-of";
import { Outcome } from "./form-parts";
import classes from "./settings.module.css";
import { SignOutButton } from "./sign-out-button";

export const ROLES: readonly RoleName[] = ["viewer", "tracer", "approver", "auditor", "admin"];

export function Users() {
  const { data, error, refetch } = useQuery(users);
  const client = useQueryClient();
  const { confirmed, dialog } = useConfirmed();
  const changed = (): void => void client.invalidateQueries({ queryKey: ["users"] });
  const change = useMutation({
    mutationFn: ({ username, active }: Pick<User, "username" | "active">) => confirmed(() => changeUser(username, { active })),
    onSettled: changed,
  });
  if (data === undefined) return error === null ? <Loading rows={3} /> : <Failure error={error} retry={() => void refetch()} />;
  return (
    <>
      <table className={parts.table}>
        <thead>
          <tr className={parts.label}>
            <th>User</th>
            <th>Strongest role</th>
            <th>May sign in</th>
            <th>Second factor</th>
            <th>Browsers</th>
          </tr>
        </thead>
        <tbody>
          {data.map((user) => (
            <tr key={user.username} data-testid="user-row">
              <td>{user.username}</td>
              <td>{user.role}</td>
              <td>
                <Switch
                  aria-label={`${user.username} may sign in`}
                  checked={user.active}
                  onChange={(event) => change.mutate({ username: user.username, active: event.currentTarget.checked })}
                />
              </td>
              <td>
                <FactorsOf user={user} changed={changed} />
              </td>
              <td>
                <SignOutButton username={user.username} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Outcome error={change.error} done={null} />
      {dialog}
      <NewUser done={changed} />
    </>
  );
}

function NewUser({ done }: { done: () => void }) {
  const [username, setUsername] = useState("");
  const [password, setOwn] = useState("");
  const [role, setRole] = useState<RoleName>("viewer");
  const create = useMutation({
    mutationFn: () => createUser({ username, password, role }),
    onSuccess: () => {
      setUsername("");
      setOwn("");
      done();
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form className={classes.newUser} onSubmit={submit}>
      <TextInput
        label="User name"
        required
        withAsterisk={false}
        autoComplete="off"
        value={username}
        onChange={(event) => setUsername(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        required
        withAsterisk={false}
        autoComplete="new-password"
        value={password}
        onChange={(event) => setOwn(event.currentTarget.value)}
      />
      <Select label="Begins as" data={[...ROLES]} value={role} onChange={(chosen) => setRole(chosen ?? "viewer")} />
      <Button type="submit" loading={create.isPending}>
        Add user
      </Button>
      <Outcome error={create.error} done={create.isSuccess ? "The user is added." : null} />
    </form>
  );
}
