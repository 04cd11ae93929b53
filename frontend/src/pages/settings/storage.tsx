import { Button, NumberInput, Progress } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeStorage, type Storage as Stored, storage } from "../../api/storage";
import { count } from "../../format/numbers";
import { Failure, Loading } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { Outcome, SettingsForm } from "./form-parts";
import { fromBytes, gigabytes, toBytes } from "./gigabytes";
import classes from "./settings.module.css";

const CLASSES = ["s0", "s1", "s2", "s3"] as const;
type RiskClass = (typeof CLASSES)[number];
type Span = NonNullable<NonNullable<Stored["classes"]>[RiskClass]>;

/** What sessions take on the server's disk, and how much they may. */
export function Storage() {
  const { data, error, refetch } = useQuery(storage);
  if (data === undefined) return error === null ? <Loading rows={2} /> : <Failure error={error} retry={() => void refetch()} />;
  return (
    <>
      <Used found={data} />
      <Bounds found={data} />
    </>
  );
}

function Used({ found }: { found: Stored }) {
  const quota = found.quota_bytes ?? null;
  const share = quota === null ? 0 : (100 * found.used_bytes) / quota;
  return (
    <div className={classes.inner} data-testid="storage-used">
      <span>
        {gigabytes(found.used_bytes)}
        {quota !== null && ` of ${gigabytes(quota)}`} in {count(found.sessions)} {found.sessions === 1 ? "session" : "sessions"}
      </span>
      {quota !== null && <Progress value={Math.min(100, share)} color={share >= 95 ? "red" : undefined} aria-label="Quota used" />}
      <span className={parts.dim}>{gigabytes(found.free_bytes)} free on the disk</span>
    </div>
  );
}

function Bounds({ found }: { found: Stored }) {
  const [quota, setQuota] = useState<string | number>(fromBytes(found.quota_bytes));
  const [keep, setKeep] = useState<string | number>(fromBytes(found.keep_bytes));
  const [days, setDays] = useState<string | number>(found.keep_days ?? "");
  const [spans, setSpans] = useState(found.classes);
  const client = useQueryClient();
  const [quotaBytes, keepBytes] = [toBytes(quota), toBytes(keep)];
  const save = useMutation({
    mutationFn: () =>
      changeStorage({
        quota_bytes: quotaBytes?.bytes ?? null,
        keep_bytes: keepBytes?.bytes ?? null,
        keep_days: days === "" ? null : Number(days),
        classes: spans,
      }),
    onSuccess: (now) => client.setQueryData(storage.queryKey, now),
  });
  const wrong = "More than 0, or empty";
  return (
    <SettingsForm submit={() => save.mutate()}>
      <NumberInput
        label="Quota, GB"
        description="Nearly used up: nothing starts. Used up: what runs is stopped."
        placeholder="none"
        value={quota}
        onChange={setQuota}
        error={quotaBytes === null && wrong}
        data-testid="storage-quota"
      />
      <NumberInput
        label="Keep, GB"
        description="Beyond it the oldest ended sessions are deleted."
        placeholder="everything"
        value={keep}
        onChange={setKeep}
        error={keepBytes === null && wrong}
      />
      <NumberInput
        label="Keep, days"
        description="Ended sessions are deleted after so many."
        placeholder="for ever"
        min={1}
        allowDecimal={false}
        value={days}
        onChange={setDays}
      />
      {CLASSES.map((name) => (
        <ClassSpan key={name} name={name} span={spans[name] ?? { at_least: 0 }} change={(span) => setSpans({ ...spans, [name]: span })} />
      ))}
      <Outcome error={save.error} done={save.isSuccess ? "The bounds are changed." : null} />
      <Button type="submit" loading={save.isPending} disabled={quotaBytes === null || keepBytes === null} data-testid="storage-save">
        Change bounds
      </Button>
    </SettingsForm>
  );
}

function ClassSpan({ name, span, change }: { name: RiskClass; span: Span; change: (span: Span) => void }) {
  const title = name.toUpperCase();
  return (
    <>
      <NumberInput
        label={`Risk class ${title}: at least, hours`}
        description="Nobody deletes a session sooner after its end."
        min={0}
        allowDecimal={false}
        value={span.at_least}
        onChange={(hours) => change({ ...span, at_least: Number(hours) })}
        data-testid={`storage-${name}-least`}
      />
      <NumberInput
        label={`Risk class ${title}: at most, hours`}
        description="Then it is deleted."
        placeholder="for ever"
        min={1}
        allowDecimal={false}
        value={span.at_most ?? ""}
        onChange={(hours) => change({ ...span, at_most: hours === "" ? null : Number(hours) })}
        data-testid={`storage-${name}-most`}
      />
    </>
  );
}
