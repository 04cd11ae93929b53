import { Button, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { createToken, type ScopeName } from "../../api/accounts";
import type { RiskName } from "../../api/catalog";
import { CopyLine } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { RISK_HELP } from "../../ui/risk-help";
import { useConfirmed } from "./confirm";
import { Outcome, SettingsForm } from "./form-parts";

const DAYS = ["7", "30", "90", "365"].map((value) => ({ value, label: `${value} days` }));
// The narrow ones first. Each is bounded by what the person may.
const SCOPES: { value: ScopeName; label: string }[] = [
  { value: "read", label: "Read, and change nothing" },
  { value: "trace", label: "Read, start and stop sessions" },
  { value: "all", label: "All that you may, except make people and grants" },
  { value: "people", label: "Make people and grants, for a day" },
];
const RISKS = (Object.keys(RISK_HELP) as RiskName[]).map((value) => ({ value, label: RISK_HELP[value] }));

export function TokenForm({ made }: { made: () => void }) {
  const [days, setDays] = useState<string>("90");
  const [name, setName] = useState("");
  const [scope, setScope] = useState<ScopeName>("read");
  const [most, setMost] = useState<RiskName>("s2");
  const { confirmed, dialog } = useConfirmed();
  const traces = scope === "read" || scope === "trace";
  const create = useMutation({
    mutationFn: () => confirmed(() => createToken({ name, days: scope === "people" ? 1 : Number(days), scope, risk: traces ? most : "s3" })),
    onSuccess: made,
  });
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
      <Select label="May" value={scope} onChange={(chosen) => setScope(chosen as ScopeName)} data={SCOPES} allowDeselect={false} />
      {traces && (
        <Select label="Up to class" value={most} onChange={(chosen) => setMost(chosen as RiskName)} data={RISKS} allowDeselect={false} />
      )}
      {scope !== "people" && <Select label="Good for" value={days} onChange={(chosen) => setDays(chosen ?? "90")} data={DAYS} />}
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
