import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Grant, grants, removeTeam, type Team, teams } from "../../api/teams";
import { IconPlus } from "../../ui/icons";
import { matchWords } from "../../ui/match";
import { Empty, Failure, Loading, Page, Panel } from "../../ui/parts";
import { SureButton } from "../../ui/sure-button";
import { Outcome } from "../settings/form-parts";
import { useMe } from "../use-me";
import { GrantDialog, type Opened } from "./grant-dialog";
import { GrantTable } from "./grant-table";
import { Members } from "./members";
import { NameDialog } from "./name-dialog";
import classes from "./teams.module.css";
import { holderText } from "./terms";
import { useChange } from "./use-change";
import { WebhookDialog } from "./webhook-dialog";

/** Who may do what: each team with its members and what is granted for its sessions, then what is for every team. */
export function TeamsPage() {
  const me = useMe();
  const [known, given] = [useQuery(teams), useQuery(grants)];
  const [search, setSearch] = useState("");
  const [naming, setNaming] = useState<string | null>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [telling, setTelling] = useState<string | null>(null);
  const error = known.error ?? given.error;
  const [all, granted] = [known.data, given.data];
  const first = all?.find((team) => team.may_change)?.name ?? "";
  return (
    <Page
      title="Teams"
      note="who may see and trace what"
      actions={
        <>
          <TextInput
            placeholder="Search team, person, role"
            aria-label="Search teams"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
            data-testid="team-search"
          />
          {me.can.admin && (
            <Button variant="default" leftSection={<IconPlus size={15} />} onClick={() => setNaming("")} data-testid="team-new">
              New team
            </Button>
          )}
          {me.can.grant && (
            <Button onClick={() => setOpened({ grant: null, team: first })} data-testid="grant-new">
              Give a right
            </Button>
          )}
        </>
      }
    >
      {all === undefined || granted === undefined ? (
        <Waiting
          error={error}
          retry={() => {
            void known.refetch();
            void given.refetch();
          }}
        />
      ) : (
        <Everything all={all} granted={granted} search={search} rename={setNaming} open={setOpened} tell={setTelling} />
      )}
      <NameDialog team={naming} close={() => setNaming(null)} />
      <WebhookDialog team={telling} close={() => setTelling(null)} />
      <GrantDialog opened={opened} teams={all ?? []} close={() => setOpened(null)} />
    </Page>
  );
}

function Waiting({ error, retry }: { error: Error | null; retry: () => void }) {
  return error === null ? <Loading /> : <Failure error={error} retry={retry} />;
}

interface Acts {
  readonly rename: (team: string) => void;
  readonly open: (what: Opened) => void;
  readonly tell: (team: string) => void;
}

function Everything({ all, granted, search, rename, open, tell }: Acts & { all: readonly Team[]; granted: readonly Grant[]; search: string }) {
  const me = useMe();
  const of = (team: string | null): Grant[] => granted.filter((grant) => (grant.team ?? null) === team);
  const shown = all.filter((team) => matchWords(search, searchText(team.name, team.members, of(team.name))));
  const everywhere = of(null);
  const general = everywhere.length > 0 && matchWords(search, searchText("every team", [], everywhere));
  if (shown.length === 0 && !general) {
    return search === "" ? (
      <Empty title="You belong to no team yet">Sessions belong to teams. Who administers one lets you in.</Empty>
    ) : (
      <Empty title="No team matches">Every word of the search must stand in a team, a member or a grant.</Empty>
    );
  }
  return (
    <div className={classes.list}>
      {shown.map((team) => (
        <TeamPanel key={team.name} team={team} grants={of(team.name)} rename={rename} open={open} tell={tell} />
      ))}
      {general && (
        <Panel label="Every team">
          <GrantTable grants={everywhere} mayChange={me.can.admin} change={(grant) => open({ grant, team: "" })} />
        </Panel>
      )}
    </div>
  );
}

function TeamPanel({ team, grants: granted, rename, open, tell }: Acts & { team: Team; grants: readonly Grant[] }) {
  const me = useMe();
  const remove = useChange(removeTeam);
  return (
    <div data-testid="team" data-team={team.name}>
      <Panel
        label={team.name}
        actions={
          <>
            {team.may_change && (
              <>
                <Button variant="default" onClick={() => rename(team.name)} aria-label={`Rename ${team.name}`} data-testid="team-rename">
                  Rename
                </Button>
                <Button variant="default" onClick={() => tell(team.name)} aria-label={`Webhooks of ${team.name}`} data-testid="team-webhooks">
                  Webhooks
                </Button>
                <Button variant="default" onClick={() => open({ grant: null, team: team.name })} aria-label={`Give a right in ${team.name}`} data-testid="team-give">
                  Give a right
                </Button>
              </>
            )}
            {me.can.admin && (
              <SureButton
                name="Remove"
                sure="Remove it and its grants"
                label={`Remove ${team.name}`}
                busy={remove.isPending}
                act={() => remove.mutate(team.name)}
                testid="team-remove"
              />
            )}
          </>
        }
      >
        {remove.error !== null && (
          <div className={classes.trouble}>
            <Outcome error={remove.error} done={null} />
          </div>
        )}
        <Members team={team} />
        <GrantTable grants={granted} mayChange={team.may_change} change={(grant) => open({ grant, team: team.name })} />
      </Panel>
    </div>
  );
}

function searchText(name: string, members: readonly string[], granted: readonly Grant[]): string {
  return [name, ...members, ...granted.flatMap((grant) => [holderText(grant), grant.role, ...grant.host_names])].join(" ");
}
