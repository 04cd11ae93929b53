import { Combobox, Loader, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { type Name, type NameKind, names, type Names } from "../../api/names";
import { visible } from "../../format/bytes-text";
import { ago } from "../../format/clock";
import { errorText } from "../../ui/parts";
import { cut, isWhole, meant, source, title } from "./completion";
import classes from "./name-input.module.css";

const DEBOUNCE_MS = 150;
const PID_SETTLED_MS = 500;

interface Props {
  kind: NameKind;
  hosts: readonly string[];
  pid?: number;
  label: string;
  description?: string;
  placeholder?: string | undefined;
  required?: boolean;
  error?: ReactNode;
  className?: string | undefined;
  testId: string;
  value: string;
  change: (value: string) => void;
}

/** A text field, with names from the host where it has some of that kind. */
export function CompletedInput({ kind, ...props }: Omit<Props, "kind"> & { kind: NameKind | undefined }) {
  if (kind !== undefined) return <NameInput kind={kind} {...props} />;
  return (
    <TextInput
      label={props.label}
      description={props.description}
      placeholder={props.placeholder ?? ""}
      required={props.required ?? false}
      error={props.error}
      className={props.className ?? ""}
      data-testid={props.testId}
      value={props.value}
      onChange={(event) => props.change(event.currentTarget.value)}
      autoComplete="off"
      spellCheck={false}
    />
  );
}

/** What is typed always counts, whether the host knows it or not. */
function NameInput({ kind, hosts, pid = 0, value, change, testId, className, placeholder = "", ...field }: Props) {
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const [asked, setAsked] = useState(false);
  const [text] = useDebouncedValue(value, DEBOUNCE_MS);
  // Half a number is another process.
  const [settledPid] = useDebouncedValue(pid, PID_SETTLED_MS);
  const host = hosts[0] ?? "";
  const answer = useQuery({ ...names(host, { kind, text, pid: settledPid }), enabled: asked && host !== "" });
  const status = useId();
  const open = (): void => {
    setAsked(true);
    // The host may be back: without this only another letter would ask again.
    if (!combobox.dropdownOpened && answer.isError) void answer.refetch();
    combobox.openDropdown();
  };
  const submit = (chosen: string): void => {
    change(chosen);
    combobox.resetSelectedOption();
    if (isWhole(chosen)) combobox.closeDropdown();
  };
  const waiting = asked && (answer.isFetching || text !== value);
  const counted = answer.isPlaceholderData || text !== value ? "" : meant(kind, answer.data);
  return (
    <div className={className}>
      <Combobox store={combobox} onOptionSubmit={submit} shadow="md" position="bottom-start" middlewares={{ flip: true, shift: true }}>
        <Combobox.Target>
          <TextInput
            {...field}
            placeholder={placeholder}
            data-testid={testId}
            value={value}
            onChange={(event) => {
              change(event.currentTarget.value);
              combobox.resetSelectedOption();
              open();
            }}
            onFocus={open}
            onClick={open}
            onBlur={() => combobox.closeDropdown()}
            rightSection={waiting && host !== "" ? <Loader size={12} aria-label="Asking the host" /> : null}
            aria-describedby={status}
            autoComplete="off"
            spellCheck={false}
          />
        </Combobox.Target>
        <Combobox.Dropdown className={classes.dropdown ?? ""} data-testid={`${testId}-names`}>
          <Answer kind={kind} hosts={hosts} found={answer.data} error={answer.error} old={answer.isPlaceholderData} counted={counted} />
        </Combobox.Dropdown>
      </Combobox>
      <small id={status} className={classes.meant} aria-live="polite" data-testid={`${testId}-meant`}>
        {counted}
      </small>
    </div>
  );
}

interface AnswerProps {
  kind: NameKind;
  hosts: readonly string[];
  found: Names | undefined;
  error: Error | null;
  old: boolean;
  counted: string;
}

function Answer({ kind, hosts, found, error, old, counted }: AnswerProps) {
  if (hosts.length === 0) return <Note>Choose a host to see its names.</Note>;
  if (error !== null) return <NoNames host={hosts[0] ?? ""} error={error} />;
  if (found === undefined) return <Note>Asking {source(hosts)}…</Note>;
  if (found.names.length === 0) return <Note>Nothing on {source(hosts)} is called that. What you typed counts all the same.</Note>;
  return (
    <>
      <Combobox.Options className={classes.options ?? ""} data-old={old || undefined} aria-label={`Names from ${found.host}`}>
        {found.names.map((name) => (
          <Option key={`${name.value} ${name.label}`} kind={kind} name={name} />
        ))}
      </Combobox.Options>
      <Combobox.Footer className={classes.footer ?? ""}>
        <span>{counted === "" ? `from ${source(hosts)}` : counted}</span>
        <span>{cut(found)}</span>
      </Combobox.Footer>
    </>
  );
}

function Option({ kind, name }: { kind: NameKind; name: Name }) {
  const [first, second] = title(kind, name);
  return (
    <Combobox.Option value={name.value} disabled={name.value === ""} className={classes.option ?? ""} data-testid="name-option">
      <code>{visible(first)}</code>
      {second !== "" && <span className={classes.name}>{visible(second)}</span>}
      <small>{visible(name.detail)}</small>
      {name.since !== null && <time dateTime={name.since}>{ago(name.since)}</time>}
    </Combobox.Option>
  );
}

/** No reason to stop: a start needs no offered name. */
function NoNames({ host, error }: { host: string; error: Error }) {
  return (
    <div role="alert" data-testid="names-refused">
      <Note tone="bad">No names from {host}. What you type counts all the same.</Note>
      <Note>{errorText(error)}</Note>
    </div>
  );
}

function Note({ tone, children }: { tone?: "bad"; children: ReactNode }) {
  return (
    <p className={classes.note} data-tone={tone} role={tone === "bad" ? undefined : "status"}>
      {children}
    </p>
  );
}
