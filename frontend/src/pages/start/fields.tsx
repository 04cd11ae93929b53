import { Select, Switch, TextInput } from "@mantine/core";
import type { FilterName, Param, Tool } from "../../api/catalog";
import { durationText } from "../../format/parse";
import { count } from "../../format/numbers";
import { ArgumentsField } from "./argument-fields";
import { type Draft, filterNames, LIMIT_NAMES, type LimitName, LIMITS, limitError } from "./draft";
import { kindOfFilter, kindOfParam } from "./completion";
import { CompletedInput } from "./name-input";
import classes from "./start.module.css";

export interface FieldsProps<V> {
  tool: Tool;
  values: V;
  change: (values: V) => void;
  /** The field that the server refused. */
  field: string | null;
  /** Whose names are offered. */
  hosts: readonly string[];
}

const REFUSED = "See the message beside Start.";

function isField(field: string | null, group: string, name: string): boolean {
  return field === name || field === `${group}.${name}`;
}

export function ParamFields({ tool, values, change, field, hosts, pid }: FieldsProps<Draft["params"]> & { pid: number }) {
  return (
    <div className={classes.fields}>
      {(tool.params ?? []).map((param) => (
        <ParamField
          key={param.name}
          param={param}
          value={values[param.name] ?? ""}
          refused={isField(field, "params", param.name)}
          hosts={hosts}
          pid={pid}
          change={(value) => change({ ...values, [param.name]: value })}
        />
      ))}
    </div>
  );
}

interface ParamProps {
  param: Param;
  value: string;
  refused: boolean;
  hosts: readonly string[];
  pid: number;
  change: (value: string) => void;
}

function ParamField({ param, value, refused, hosts, pid, change }: ParamProps) {
  const shared = { label: param.name, description: describe(param), "data-testid": `param-${param.name}` };
  switch (param.type) {
    case "bool":
      return <Switch {...shared} mt={4} checked={value === "true"} onChange={(event) => change(String(event.currentTarget.checked))} />;
    case "enum":
      return (
        <Select
          {...shared}
          data={param.choices ?? []}
          value={value === "" ? null : value}
          onChange={(chosen) => change(chosen ?? "")}
          error={refused && REFUSED}
        />
      );
    case "arguments":
      return <ArgumentsField param={param} help={describe(param)} value={value} error={refused && REFUSED} change={change} />;
    default:
      return <TextParam param={param} value={value} refused={refused} hosts={hosts} pid={pid} change={change} />;
  }
}

const WIDE: readonly string[] = ["function", "path", "usdt", "tracepoint", "fields", "conditions"];

function TextParam({ param, value, refused, hosts, pid, change }: ParamProps) {
  return (
    <CompletedInput
      kind={kindOfParam(param)}
      hosts={hosts}
      pid={pid}
      label={param.name}
      description={describe(param)}
      testId={`param-${param.name}`}
      className={WIDE.includes(param.type) ? classes.wide : undefined}
      required={param.required ?? false}
      placeholder={PLACEHOLDERS[param.type]}
      value={value}
      change={change}
      error={refused && REFUSED}
    />
  );
}

const PLACEHOLDERS: Partial<Record<Param["type"], string>> = {
  function: "c:malloc or /usr/bin/app:handle_*",
  usdt: "c:libc:* or /usr/bin/app:provider:probe",
  tracepoint: "sched:sched_switch",
  conditions: 'len > 4096 and comm == "nginx"',
  duration: "1s",
  path: "/",
};

function describe({ help, min, max, unit, type }: Param): string {
  const bounded = type === "int" && Number(max ?? 0) > 0;
  const range = bounded ? `${count(Number(min ?? 0))} to ${count(Number(max))}${unit ? ` ${unit}` : ""}` : "";
  return [help, range].filter(Boolean).join("; ");
}

const FILTERS: Record<FilterName, { label: string; placeholder: string }> = {
  container: { label: "Container", placeholder: "name or id" },
  pod: { label: "Pod", placeholder: "name or namespace/name" },
  unit: { label: "systemd unit", placeholder: "nginx.service" },
  pid: { label: "Process (pid on the host)", placeholder: "any" },
  tid: { label: "Thread (tid)", placeholder: "any" },
  ppid: { label: "Parent process (ppid)", placeholder: "any" },
  uid: { label: "User id", placeholder: "any" },
  comm: { label: "Program name (comm)", placeholder: "any" },
  cgroup: { label: "Cgroup", placeholder: "cgroup id" },
};

type Who = Pick<Draft, "filters" | "follow">;

export function FilterFields({ tool, values: { filters: values, follow }, change: changeWho, field, hosts }: FieldsProps<Who>) {
  const change = (filters: Draft["filters"]): void => changeWho({ filters, follow });
  return (
    <div className={classes.fields}>
      {filterNames(tool).map((name) => (
        <CompletedInput
          key={name}
          kind={kindOfFilter(name)}
          hosts={hosts}
          label={FILTERS[name].label}
          placeholder={FILTERS[name].placeholder}
          testId={`filter-${name}`}
          value={values[name] ?? ""}
          change={(value) => change({ ...values, [name]: value })}
          error={isField(field, "filters", name) && REFUSED}
        />
      ))}
    </div>
  );
}

export function FollowField({ values: { filters, follow }, change }: Pick<FieldsProps<Who>, "values" | "change">) {
  return (
    <Switch
      label="And what the process starts"
      description="Children, theirs and so on, until the last of them has ended"
      data-testid="filter-follow"
      disabled={(filters.pid ?? "") === ""}
      checked={follow}
      onChange={(event) => change({ filters, follow: event.currentTarget.checked })}
    />
  );
}

export function ExcludeFields({ tool, values, change, field }: Omit<FieldsProps<Draft["exclude"]>, "hosts">) {
  return (
    <div className={classes.fields}>
      {filterNames(tool).map((name) => (
        <TextInput
          key={name}
          label={FILTERS[name].label}
          placeholder="none; several with commas"
          data-testid={`exclude-${name}`}
          value={values[name] ?? ""}
          onChange={(event) => change({ ...values, [name]: event.currentTarget.value })}
          error={isField(field, "filters.exclude", name) && REFUSED}
          autoComplete="off"
          spellCheck={false}
        />
      ))}
    </div>
  );
}

export function LimitFields({ tool, values, change, field }: Omit<FieldsProps<Draft["limits"]>, "hosts">) {
  const buffered = tool.streams?.some(({ kind }) => kind === "events" || kind === "bytes") ?? false;
  return (
    <div className={classes.fields}>
      {LIMIT_NAMES.filter((name) => name !== "buffer" || buffered).map((name) => (
        <TextInput
          key={name}
          label={LIMITS[name].label}
          description={[LIMITS[name].help, maximum(tool, name)].filter(Boolean).join("; ")}
          placeholder={LIMITS[name].placeholder}
          data-testid={`limit-${name}`}
          value={values[name]}
          onChange={(event) => change({ ...values, [name]: event.currentTarget.value })}
          error={limitError(name, values[name]) ?? (isField(field, "limits", LIMITS[name].key) && REFUSED)}
          autoComplete="off"
        />
      ))}
    </div>
  );
}

function maximum(tool: Tool, name: LimitName): string {
  const limits = tool.limits ?? {};
  switch (name) {
    case "duration":
      return most(limits.duration_seconds?.max, durationText);
    case "budget":
      return most(limits.budget_permille?.max, (permille) => `${permille / 10}%`);
    case "buffer":
      return "at most 1 GiB";
    default:
      return most(limits[name]?.max, count);
  }
}

function most(max: string | number | undefined, format: (value: number) => string): string {
  return Number(max ?? 0) === 0 ? "" : `at most ${format(Number(max))}`;
}
