import { Button, Checkbox, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { type ToolDetail, tools } from "../../api/catalog";
import type { Host } from "../../api/fleet";
import { ApiError } from "../../api/http";
import { session as sessionQuery, startSession } from "../../api/tracing";
import { count } from "../../format/numbers";
import { CopyLine, errorText, Key, Panel } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { PlaintextNotice, RiskBadge } from "../../ui/risk";
import { commandOf, type Draft, LIMIT_NAMES, limitError, requestOf } from "./draft";
import { BreakGlass } from "./break-glass";
import { askedFirst, pidOf } from "./completion";
import { draftRisk, entryToList } from "./draft-risk";
import { ExcludeFields, FilterFields, FollowField, LimitFields } from "./fields";
import { KeepTemplate } from "./keep-template";
import { whyNotKept } from "./keeping";
import classes from "./start.module.css";
import { useMe } from "../use-me";
import { NamesFrom, TargetPicker } from "./target-picker";
import { online, refusesPlaintext } from "./targets";
import { knownFields, useFields } from "./use-fields";
import { useApproval } from "./use-approval";
import { RightsNotice, TeamSelect } from "./rights-notice";
import { useRights } from "./use-rights";
import { WhatFields } from "./what-fields";

export function StartForm({ tool, hosts, initial }: { tool: ToolDetail; hosts: readonly Host[]; initial: Draft }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  // The session's page is on its way while the form is filled in.
  useEffect(() => void import("../session/session"), []);
  const [draft, setDraft] = useState(initial);
  const [asked, setAsked] = useState("");
  const sources = askedFirst(draft.hosts, asked, online(hosts));
  const fields = useFields(tool, sources, draft.params);
  const me = useMe();
  const known = knownFields(fields);
  const allowed = hosts.filter(({ name }) => draft.hosts.includes(name)).map(({ numbers }) => numbers);
  const risk = draft.reveal ? "s3" : draftRisk(tool, known, draft.params, allowed);
  const { teams } = me;
  const [team, setTeam] = useState(teams[0] ?? "");
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const granted = useRights(tool.name, draft.hosts, team, risk);
  const catalogue = useQuery(tools);
  const order = { ...requestOf(tool, draft), team, ...(known.length > 0 ? { risk } : {}) };
  const start = useMutation({
    mutationFn: () => startSession(order),
    onSuccess: (session) => {
      client.setQueryData(sessionQuery(session.id).queryKey, session);
      void navigate(`/sessions/${session.id}`);
    },
  });
  const approval = useApproval(order, hosts, risk, start.error);
  const failed = approval.error ?? (approval.why === null ? start.error : null);
  const field = start.error instanceof ApiError ? start.error.field : null;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (approval.why === null) start.mutate();
    else approval.ask(false);
  };
  const mistyped = LIMIT_NAMES.some((name) => limitError(name, draft.limits[name]) !== null);
  return (
    <form className={classes.columns} onSubmit={submit} noValidate>
      <div className={classes.stack}>
        <Panel label="Where">
          <TargetPicker tool={tool} hosts={hosts} chosen={draft.hosts} choose={(chosen) => change({ hosts: chosen })} />
          {sources.length > 1 && <NamesFrom hosts={sources} choose={setAsked} />}
        </Panel>
        {(tool.params ?? []).length > 0 && (
          <Panel label="What">
            <WhatFields
              tool={tool}
              fields={fields}
              values={draft.params}
              change={(params) => change({ params })}
              field={field}
              hosts={sources}
              pid={pidOf(draft.filters.pid)}
            />
          </Panel>
        )}
        {(tool.filters ?? []).length > 0 && (
          <Panel label="Only events of">
            <FilterFields tool={tool} values={draft} change={change} field={field} hosts={sources} />
            {tool.filters?.includes("pid") && <FollowField values={draft} change={change} />}
          </Panel>
        )}
        {(tool.filters ?? []).length > 0 && (
          <Panel label="But not of">
            <ExcludeFields tool={tool} values={draft.exclude} change={(exclude) => change({ exclude })} field={field} />
          </Panel>
        )}
        <Panel label="Until">
          <LimitFields tool={tool} values={draft.limits} change={(limits) => change({ limits })} field={field} />
        </Panel>
      </div>
      <Panel label="Start" className={classes.summary} actions={<RiskBadge risk={risk} />}>
        <div className={classes.inner}>
          <p>{tool.overhead}</p>
          {risk === "s3" && tool.risk !== "s3" && (
            <PlaintextNotice
              refused={hosts.some((host) => draft.hosts.includes(host.name) && refusesPlaintext(host, catalogue.data))}
              entry={draft.reveal ? null : entryToList(tool, draft.params, allowed)}
            />
          )}
          {me.can.reveal && (
            <Checkbox
              label="Do not redact secrets"
              description="Passwords, keys and cookies stay in the rows; only where the host allows it, and on the record"
              data-testid="reveal"
              checked={draft.reveal}
              onChange={(event) => change({ reveal: event.currentTarget.checked })}
            />
          )}
          <TextInput
            label="Reason"
            description="Kept in the audit, here and on the host"
            placeholder="ticket, incident, question"
            data-testid="reason"
            value={draft.reason}
            onChange={(event) => change({ reason: event.currentTarget.value })}
          />
          <div>
            <p className={parts.label}>The same by command</p>
            <CopyLine text={commandOf(tool, draft, teams.length > 1 ? team : "")} label="Copy the command" />
          </div>
          {teams.length > 1 && <TeamSelect teams={teams} team={team} choose={setTeam} />}
          <RightsNotice rights={granted} told={failed === null ? "" : errorText(failed)} />
          {approval.why !== null && (
            <p role="note" data-testid="approval-notice">
              <strong>This needs approval.</strong> {approval.why} Your reason is shown to those who are asked.
            </p>
          )}
          {failed !== null && (
            <p className={classes.error} role="alert" data-testid="start-error">
              {errorText(failed)}
            </p>
          )}
          <Button
            type="submit"
            size="sm"
            data-testid="start-submit"
            loading={start.isPending || approval.pending}
            disabled={mistyped || draft.hosts.length === 0}
          >
            {approval.why === null ? startText(draft.hosts) : "Ask for approval"}
          </Button>
          <KeepTemplate order={order} why={whyNotKept(risk, approval.why)} disabled={mistyped || draft.hosts.length === 0} />
          {approval.why !== null && (
            <BreakGlass
              plaintext={risk === "s3"}
              hosts={draft.hosts}
              reason={draft.reason}
              disabled={mistyped}
              approval={approval}
              refusal={granted?.glass ?? ""}
            />
          )}
          <p className={parts.dim}>
            <Key>Enter</Key> in any field starts too.
          </p>
        </div>
      </Panel>
    </form>
  );
}

function startText(chosen: readonly string[]): string {
  if (chosen.length === 0) return "Choose a host first";
  return chosen.length === 1 ? `Start on ${chosen[0]}` : `Start on ${count(chosen.length)} hosts`;
}
