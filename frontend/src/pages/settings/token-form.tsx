import { Button, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { createToken } from "../../api/accounts";
import { CopyLine } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { useConfirmed } from "./confirm";
import { Outcome, SettingsForm } from "./form-parts";

const DAYS = ["7", "30", "90", "365"] as const;

export function TokenForm({ made }: { made: () => void }) {
  const [days, setDays] = useState<string>("90");
  const [name, setName] = useState("");
  const { confirmed, dialog } = useConfirmed();
  const create = useMutation({ mutationFn: () => confirmed(() => createToken(name, Number(days))), onSuccess: made });
  return (
    <>
    <SettingsForm submit={() => create.mutate()}>
      <TextInput
        label="Name"
        description="What will use it"
        required
        withAsterisk={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Select label="Good for" value={days} onChange={(chosen) => setDays(chosen ?? "90")} data={DAYS.map((value) => ({ value, label: `${value} days` }))} />
      <Outcome error={create.error} done={null} />
      {create.data !== undefined && (
        <>
          <CopyLine text={create.data.token} label="Copy the token" />
          <p className={parts.dim}>Shown only now. Use it as FLEETSCOPE_TOKEN.</p>
        </>
      )}
      <Button type="submit" loading={create.isPending}>
        Make a token
      </Button>
    </SettingsForm>
    {dialog}
    </>
  );
}
