import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { endTemplateToken, makeTemplateToken, removeTemplate, type Template, type TemplateToken, templates } from "../../api/templates";
import { visible } from "../../format/bytes-text";
import { ago, dateTime } from "../../format/clock";
import { Badge, CopyLine, Failure, Loading } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { SureButton } from "../../ui/sure-button";
import { Outcome } from "./form-parts";
import classes from "./settings.module.css";
import styles from "./templates.module.css";

/** What webhooks and schedules start as this person. */
export function TemplatesPanel() {
  const { data, error, refetch } = useQuery(templates);
  if (data === undefined) return error === null ? <Loading rows={2} /> : <Failure error={error} retry={() => void refetch()} />;
  return (
    <div className={classes.inner}>
      <p className={parts.dim}>An alert’s webhook or a schedule starts them as you. You keep one where a session is started.</p>
      {data.length > 0 && (
        <ul className={styles.list}>
          {data.map((template) => (
            <TemplateRow key={template.id} template={template} />
          ))}
        </ul>
      )}
    </div>
  );
}

function TemplateRow({ template }: { template: Template }) {
  const make = useTemplateChange(() => makeTemplateToken(template.id));
  const end = useTemplateChange(() => endTemplateToken(template.id));
  const take = useTemplateChange(() => removeTemplate(template.id));
  const name = visible(template.name);
  return (
    <li className={styles.row} data-testid="template">
      <span>
        <strong>{name}</strong> <span className={parts.dim}>{visible(about(template))}</span>
      </span>
      <Last template={template} />
      <div className={styles.act}>
        <Button variant="default" loading={make.isPending} onClick={() => make.mutate()} aria-label={`Make a token for ${name}`} data-testid="template-token">
          {template.token_at === null ? "Make a token" : "Make a new token"}
        </Button>
        {template.token_at !== null && (
          <SureButton name="End the token" sure="End it" label={`End the token of ${name}`} busy={end.isPending} act={() => end.mutate()} testid="template-token-end" />
        )}
        <SureButton name="Remove" sure="Remove it" label={`Remove ${name}`} busy={take.isPending} act={() => take.mutate()} testid="template-remove" />
      </div>
      {make.data !== undefined && template.token_at !== null && <Token made={make.data} />}
      <Outcome error={make.error ?? end.error ?? take.error} done={null} />
    </li>
  );
}

function Token({ made }: { made: TemplateToken }) {
  return (
    <div data-testid="template-call">
      <CopyLine text={`curl -X POST -H 'Authorization: Bearer ${made.token}' -H 'Content-Type: application/json' -d '{}' ${made.url}`} label="Copy the call" />
      <p className={parts.dim}>Shown only now. An alert may send host, pid and reason in its body.</p>
    </div>
  );
}

function Last({ template }: { template: Template }) {
  if (template.last_at === null) return <span className={parts.dim}>Nothing started it yet.</span>;
  return (
    <span>
      <Badge tone={template.last_outcome === "started" ? "ok" : template.last_outcome === "refused" ? "bad" : "mute"}>{template.last_outcome}</Badge>{" "}
      <span className={parts.dim}>
        {ago(template.last_at)}
        {template.last_message !== "" && `: ${visible(template.last_message)}`}
      </span>{" "}
      {template.last_session !== null && <Link to={`/sessions/${template.last_session}`}>session {template.last_session.slice(0, 8)}</Link>}
    </span>
  );
}

function about(template: Template): string {
  const labels = Object.entries(template.labels).map(([key, value]) => `${key}=${value}`);
  const where = [...template.hosts, ...labels].join(", ");
  const when = template.next_at === null ? "" : `${template.schedule} UTC, next ${dateTime(template.next_at)}`;
  return [`${template.tool} on ${where === "" ? "every host" : where}`, template.risk.toUpperCase(), when].filter((word) => word !== "").join(" · ");
}

function useTemplateChange<T>(change: () => Promise<T>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: templates.queryKey }) });
}
