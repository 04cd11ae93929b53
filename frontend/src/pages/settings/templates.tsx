import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { endTemplateToken, makeTemplateToken, removeTemplate, type Template, type TemplateToken, templates } from "../../api/templates";
import { visible } from "../../format/bytes-text";
import { ago } from "../../format/clock";
import { Badge, CopyLine, Failure, Loading } from "../../ui/parts";
import parts from "../../ui/parts.module.css";
import { SureButton } from "../../ui/sure-button";
import { Outcome } from "./form-parts";
import classes from "./settings.module.css";
import { aboutTemplate } from "./template-words";
import styles from "./templates.module.css";

/** What webhooks and schedules start as this person. */
export function TemplatesPanel() {
  const { data, error, refetch } = useQuery(templates);
  if (data === undefined) return error === null ? <Loading rows={2} /> : <Failure error={error} retry={() => void refetch()} />;
  return (
    <div className={classes.inner}>
      <p className={parts.dim}>An alert’s webhook or a schedule starts them as you.</p>
      {data.length === 0 && (
        <p data-testid="no-templates">
          None yet. <Link to="/tools">Choose a tool</Link>, fill in its start and keep it as a template there.
        </p>
      )}
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
        <strong>{name}</strong> <span className={parts.dim}>{visible(aboutTemplate(template))}</span>
      </span>
      <Last template={template} />
      <div className={styles.act}>
        <SureButton
          name={template.token_at === null ? "Make a token" : "Make a new token"}
          sure={template.token_at === null ? null : "End the old one"}
          label={`Make a token for ${name}`}
          busy={make.isPending}
          act={() => make.mutate()}
          testid="template-token"
        />
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

function useTemplateChange<T>(change: () => Promise<T>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: templates.queryKey }) });
}
