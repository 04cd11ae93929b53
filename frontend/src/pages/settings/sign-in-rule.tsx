import { MultiSelect } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { rule, setRule } from "../../api/factors";
import { Failure, Loading } from "../../ui/parts";
import { Outcome } from "./form-parts";
import classes from "./settings.module.css";
import { ROLES } from "./users";

/** Of which roles a second factor is demanded. */
export function SignInRule() {
  const { data, error, refetch } = useQuery(rule);
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: setRule,
    onSettled: () => client.invalidateQueries({ queryKey: ["sign-in-rule"] }),
  });
  if (data === undefined) return error === null ? <Loading rows={1} /> : <Failure error={error} retry={() => void refetch()} />;
  return (
    <div className={classes.inner}>
      <MultiSelect
        size="xs"
        label="Roles that need a second factor"
        description="Who has none yet sets one up at the next sign-in"
        data-testid="rule-roles"
        data={[...ROLES]}
        value={data.roles}
        onChange={(roles) => save.mutate(roles)}
      />
      <Outcome error={save.error} done={save.isSuccess ? "Saved." : null} />
    </div>
  );
}
