import { Autocomplete, Button, Checkbox, Modal, SegmentedControl, Select, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { users } from "../../api/accounts";
import { hosts } from "../../api/fleet";
import { addGrant, changeGrant, type Grant, type Team, type Terms } from "../../api/teams";
import { labelPill } from "../hosts/label-pill";
import { Outcome } from "../settings/form-parts";
import { ROLES } from "../settings/users";
import { useMe } from "../use-me";
import classes from "./teams.module.css";
import { BOUND_NAMES, boundProblem, BOUNDS, complete, type Draft, draftOf, emptyDraft, labelProblem, termsOf } from "./terms";
import { useChange } from "./use-change";

/** `grant`: the one to change. `team`: where a new one begins; empty: for every team. */
export interface Opened {
  readonly grant: Grant | null;
  readonly team: string;
}

interface Props {
  readonly opened: Opened | null;
  readonly teams: readonly Team[];
  readonly close: () => void;
}

export function GrantDialog({ opened, teams, close }: Props) {
  return (
    <Modal opened={opened !== null} onClose={close} title={opened?.grant ? "Change a grant" : "Give a right"} size="lg">
      {opened !== null && <GrantForm key={opened.grant?.id ?? 0} opened={opened} teams={teams} done={close} />}
    </Modal>
  );
}

function GrantForm({ opened, teams, done }: { opened: Opened; teams: readonly Team[]; done: () => void }) {
  const { grant } = opened;
  const [draft, setDraft] = useState<Draft>(() => (grant === null ? emptyDraft(opened.team) : draftOf(grant)));
  const set = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }));
  const save = useChange((terms: Terms) => (grant === null ? addGrant(terms) : changeGrant(grant.id, terms)), done);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    save.mutate(termsOf(draft));
  };
  return (
    <form onSubmit={submit} className={classes.form}>
      <Holder draft={draft} teams={teams} set={set} />
      <div className={classes.pair}>
        <Select label="Role" data={[...ROLES]} value={draft.role} onChange={(role) => role !== null && set({ role })} data-testid="grant-role" />
        {draft.role !== "auditor" && <Scope draft={draft} teams={teams} set={set} />}
      </div>
      {draft.role === "auditor" ? <p>An auditor reads the whole audit: it is one chain, of every team and host.</p> : <Where draft={draft} set={set} />}
      {draft.role === "tracer" && (
        <Checkbox
          label="May break the glass"
          description="Starts what needs the agreement of others without it, in an emergency; somebody has to review it afterwards"
          checked={draft.breakGlass}
          onChange={(event) => set({ breakGlass: event.currentTarget.checked })}
          data-testid="grant-break-glass"
        />
      )}
      <Outcome error={save.error} done={null} />
      <Button type="submit" loading={save.isPending} disabled={!complete(draft)} data-testid="grant-save">
        {grant === null ? "Give it" : "Change it"}
      </Button>
    </form>
  );
}

interface Part {
  readonly draft: Draft;
  readonly set: (part: Partial<Draft>) => void;
}

function Holder({ draft, teams, set }: Part & { teams: readonly Team[] }) {
  const known = useQuery(users).data ?? [];
  return (
    <>
      <SegmentedControl
        aria-label="For whom"
        value={draft.holder}
        onChange={(holder) => set({ holder, name: "" })}
        data={[
          { value: "person", label: "One person" },
          { value: "members", label: "A team's members" },
        ]}
      />
      {draft.holder === "person" ? (
        <Autocomplete
          size="xs"
          label="Person"
          data-autofocus
          data={known.map((user) => user.username)}
          value={draft.name}
          onChange={(name) => set({ name })}
          data-testid="grant-person"
        />
      ) : (
        <Select
          label="Members of"
          data={teams.map((team) => team.name)}
          value={draft.name || null}
          onChange={(name) => set({ name: name ?? "" })}
          data-testid="grant-holders"
        />
      )}
    </>
  );
}

const EVERY_TEAM = "";

/** Only who administers every team grants for all of them. */
function Scope({ draft, teams, set }: Part & { teams: readonly Team[] }) {
  const me = useMe();
  const open = teams.filter((team) => team.may_change).map((team) => ({ value: team.name, label: team.name }));
  const every = me.can.admin || draft.team === EVERY_TEAM ? [{ value: EVERY_TEAM, label: "every team" }] : [];
  return (
    <>
      <Select
        label="For sessions of"
        data={[...open, ...every]}
        value={draft.team}
        onChange={(team) => set({ team: team ?? EVERY_TEAM })}
        data-testid="grant-team"
      />
      <Select
        label="Up to class"
        description="What sessions may reveal"
        data={RISKS}
        value={draft.risk}
        onChange={(risk) => risk !== null && set({ risk })}
        data-testid="grant-risk"
      />
    </>
  );
}

const RISKS: { value: Draft["risk"]; label: string }[] = [
  { value: "s0", label: "S0: totals only" },
  { value: "s1", label: "S1: ids, names, stacks" },
  { value: "s2", label: "S2: paths, arguments" },
  { value: "s3", label: "S3: plaintext" },
];

function Where({ draft, set }: Part) {
  const known = useQuery(hosts).data ?? [];
  return (
    <>
      <TagsInput
        label="Hosts"
        description="One of these names; empty: any name"
        data={known.map((host) => host.name)}
        value={[...draft.hosts]}
        renderPill={labelPill}
        onChange={(names) => set({ hosts: names })}
        acceptValueOnBlur
        data-testid="grant-hosts"
      />
      <TagsInput
        label="Labels"
        description="All of them; empty: any host"
        placeholder="key=value"
        value={[...draft.labels]}
        renderPill={labelPill}
        onChange={(labels) => set({ labels })}
        error={labelProblem(draft.labels)}
        acceptValueOnBlur
        data-testid="grant-labels"
      />
      <div className={classes.pair}>
        {BOUND_NAMES.map((name) => (
          <TextInput
            key={name}
            label={BOUNDS[name].label}
            description={BOUNDS[name].help}
            placeholder="no bound"
            value={draft.bounds[name]}
            onChange={(event) => set({ bounds: { ...draft.bounds, [name]: event.currentTarget.value } })}
            error={boundProblem(name, draft.bounds[name])}
            data-testid={`grant-${name}`}
          />
        ))}
      </div>
    </>
  );
}
