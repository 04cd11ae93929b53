import { visible } from "../format/bytes-text";
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy } from "./icons";
import { type ReactNode, useEffect } from "react";
import { ApiError } from "../api/http";
import classes from "./parts.module.css";

export type Tone = "ok" | "warn" | "bad" | "info" | "live" | "mute";

export function Badge({
  tone = "mute",
  plain = false,
  children,
  ...rest
}: {
  tone?: Tone;
  plain?: boolean;
  children: ReactNode;
  [data: `data-${string}`]: string | undefined;
  title?: string;
}) {
  return (
    <span className={classes.badge} data-tone={tone} data-plain={plain || undefined} {...rest}>
      {children}
    </span>
  );
}

/** A page: its heading with actions, and a body that scrolls. */
export function Page({ title, note, actions, children }: { title: string; note?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  useTitle(title);
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <h1>{title}</h1>
        {note !== undefined && <span className={classes.note}>{note}</span>}
        <span className={classes.spacer} />
        {actions}
      </header>
      <div className={classes.body}>{children}</div>
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Fleetscope`;
  }, [title]);
}

export function Panel({
  label,
  actions,
  children,
  className,
}: {
  label?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string | undefined;
}) {
  return (
    <section className={[classes.panel, className].filter(Boolean).join(" ")}>
      {label !== undefined && (
        <div className={classes.panelHead}>
          <h2 className={classes.label}>{label}</h2>
          <span className={classes.spacer} />
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

/** Nothing to show yet, and what to do about it. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.state}>
      <Scope path="M4 30h124" />
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  );
}

/** Something went wrong, and why; what to do stands in the reason. */
export function Broken({
  title,
  children,
  action,
  ...rest
}: {
  title: string;
  children: ReactNode;
  action?: ReactNode;
  "data-testid"?: string;
}) {
  return (
    <div className={classes.state} role="alert" {...rest}>
      <Scope tone="bad" path="M4 30h40l6-18 10 36 8-28 6 10h8M96 30h32" />
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const again = retry !== undefined && (
    <Button variant="default" onClick={retry}>
      Try again
    </Button>
  );
  return (
    <Broken title="This could not be read" action={again}>
      {errorText(error)}
    </Broken>
  );
}

/** A still oscilloscope screen: a flat line for nothing, a broken one for an error. */
function Scope({ path, tone }: { path: string; tone?: "bad" }) {
  return (
    <svg className={classes.scope} data-tone={tone} viewBox="0 0 132 60" aria-hidden="true" fill="none" stroke="currentColor">
      <rect x="0.5" y="0.5" width="131" height="59" rx="4" opacity="0.6" />
      <path d="M33 4v52M66 4v52M99 4v52M4 15h124M4 45h124" strokeDasharray="1 3" opacity="0.6" />
      <path d={path} strokeWidth="1.6" strokeLinejoin="round" />
    </svg>
  );
}

export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <div className={classes.skeleton} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} />
      ))}
    </div>
  );
}

/** A table that scrolls sideways by itself where the screen is narrow. */
export function TablePanel({ children, className = "" }: { children: ReactNode; className?: string | undefined }) {
  return (
    <section className={`${classes.panel} ${classes.tableBox} ${className}`}>
      <table className={classes.table}>{children}</table>
    </section>
  );
}

export function Key({ children }: { children: ReactNode }) {
  return <kbd className={classes.kbd}>{children}</kbd>;
}

export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{visible(name)}</dt>
          <dd>{typeof value === "string" ? visible(value) : value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <Tooltip label={clipboard.copied ? "Copied" : label}>
      <ActionIcon aria-label={label} onClick={() => clipboard.copy(text)}>
        {clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

export function CopyLine({ text, label }: { text: string; label: string }) {
  return (
    <div className={classes.copy}>
      <code>{visible(text)}</code>
      <CopyButton text={text} label={label} />
    </div>
  );
}

export function errorText(error: unknown): string {
  if (error instanceof ApiError) return visible(error.message);
  return visible(error instanceof Error ? error.message : String(error));
}
