import { Autocomplete, Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { share, shares } from "../../api/shares";
import { teams } from "../../api/teams";
import type { Session } from "../../api/tracing";
import { CopyLine, errorText } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { linkAddress } from "./link";
import classes from "./share.module.css";

type Kind = "person" | "team" | "link";

const KINDS = [
  { value: "person", label: "A person" },
  { value: "team", label: "A team" },
  { value: "link", label: "A link" },
];
const HELP: Record<Kind, string> = {
  person: "Sees it as far as their own grants reach: same class, same hosts.",
  team: "Whoever is a member then, each as far as their own grants reach.",
  link: "For people who can sign in here, each as far as their own grants reach.",
};
const ENDS = [
  { value: "1", label: "1 hour" },
  { value: "24", label: "1 day" },
  { value: "168", label: "7 days" },
  { value: "720", label: "30 days" },
];
const NEVER = { value: "0", label: "Until it is ended" };

export function ShareForm({ session }: { session: Session }) {
  const client = useQueryClient();
  const [kind, setKind] = useState<Kind>("person");
  const [name, setName] = useState("");
  const [hours, setHours] = useState("168");
  const add = useMutation({
    mutationFn: () => share(session.id, { ...(kind === "link" ? {} : { [kind]: name.trim() }), hours: hours === "0" ? null : Number(hours) }),
    onSuccess: () => setName(""),
    onSettled: () => client.invalidateQueries({ queryKey: shares(session.id).queryKey }),
  });
  const choose = (chosen: string): void => {
    add.reset();
    setName("");
    if (chosen === "link" && hours === "0") setHours("168");
    setKind(chosen as Kind);
  };
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    add.mutate();
  };
  // What no link opens: the server refuses it too.
  const barred = kind === "link" && session.risk === "s3";
  return (
    <form onSubmit={submit} className={classes.form}>
      <SegmentedControl fullWidth data={KINDS} value={kind} onChange={choose} aria-label="Share with" data-testid="share-kind" />
      <p className={parts.dim}>{barred ? "Plaintext is shared with people or teams by name: no link opens class S3." : HELP[kind]}</p>
      {!barred && (
        <div className={classes.row}>
          <Recipient kind={kind} name={name} change={setName} />
          <Select
            label="For"
            data={kind === "link" ? ENDS : [...ENDS, NEVER]}
            value={hours}
            onChange={(chosen) => setHours(chosen ?? "168")}
            allowDeselect={false}
            data-testid="share-hours"
          />
          <Button type="submit" loading={add.isPending} disabled={kind !== "link" && name.trim() === ""} data-testid="share-add">
            {kind === "link" ? "Make a link" : "Share"}
          </Button>
        </div>
      )}
      {add.error !== null && <p role="alert" className={classes.problem}>{errorText(add.error)}</p>}
      {add.data !== undefined && add.data.secret !== "" && (
        <div data-testid="share-link">
          <CopyLine text={linkAddress(window.location.origin, session.id, add.data.secret)} label="Copy the link" />
          <p className={parts.dim}>Shown only now.</p>
        </div>
      )}
    </form>
  );
}

function Recipient({ kind, name, change }: { kind: Kind; name: string; change: (name: string) => void }) {
  const known = useQuery(teams).data ?? [];
  if (kind === "link") return null;
  if (kind === "person") {
    return (
      <TextInput label="User name" autoComplete="off" data-autofocus value={name} onChange={(event) => change(event.currentTarget.value)} data-testid="share-name" />
    );
  }
  return <Autocomplete size="xs" label="Team" data={known.map((team) => team.name)} value={name} onChange={change} data-testid="share-name" />;
}
