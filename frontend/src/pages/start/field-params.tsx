import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { RiskName, Tool } from "../../api/catalog";
import { names } from "../../api/names";
import { RiskBadge } from "../../ui/risk";
import parts from "../../ui/parts.module.css";
import { type Comparison, comparisonsText, type FieldName, listed, operatorsOf, parseComparisons } from "./conditions";
import classes from "./field-params.module.css";
import type { Draft } from "./draft";

type Params = Draft["params"];

const TRACEPOINT = /^\w+:\w+$/;

/** The fields of the chosen tracepoint, asked of the first chosen host; null where they are not known. */
export function useFields(tool: Tool, hosts: readonly string[], params: Params): readonly FieldName[] | null {
  const host = hosts[0] ?? "";
  const target = tool.params?.some(({ type }) => type === "tracepoint") ? (params.tracepoint ?? "") : "";
  const { data } = useQuery({
    ...names(host, { kind: "field", text: target, pid: 0 }),
    enabled: host !== "" && TRACEPOINT.test(target),
    staleTime: Infinity,
    placeholderData: undefined,
  });
  return data === undefined ? null : (data.names as FieldName[]);
}

interface Props {
  readonly fields: readonly FieldName[];
  readonly params: Params;
  readonly change: (params: Params) => void;
}

/** Which fields to keep, which strings to follow, and what to compare. */
export function FieldParams({ fields, params, change }: Props) {
  const set = (name: string, value: string): void => change({ ...params, [name]: value });
  const strings = (params.tracepoint ?? "").startsWith("syscalls:sys_enter_");
  return (
    <div className={classes.block}>
      <FieldTable fields={fields} params={params} set={set} strings={strings} />
      <Comparisons fields={fields} text={params.where ?? ""} change={(text) => set("where", text)} />
    </div>
  );
}

interface TableProps {
  readonly fields: readonly FieldName[];
  readonly params: Params;
  readonly set: (name: string, value: string) => void;
  readonly strings: boolean;
}

function FieldTable({ fields, params, set, strings }: TableProps) {
  const all = fields.map(({ value }) => value);
  const chosen = listed(params.fields);
  const shown = chosen.length === 0 ? all : chosen;
  const followed = listed(params.strings);
  const toggle = (list: readonly string[], name: string): string[] => (list.includes(name) ? list.filter((one) => one !== name) : [...list, name]);
  const choose = (name: string): void => {
    const next = all.filter((one) => toggle(shown, name).includes(one));
    set("fields", next.length === all.length ? "" : next.join(","));
  };
  return (
    <table className={parts.table} data-testid="tracepoint-fields">
      <thead>
        <tr className={parts.label}>
          <th>Field</th>
          <th>Type</th>
          <th>Risk</th>
          {strings && <th>String</th>}
        </tr>
      </thead>
      <tbody>
        {fields.map(({ value, detail, risk, shape }) => (
          <tr key={value}>
            <td>
              <Checkbox size="xs" label={value} checked={shown.includes(value)} onChange={() => choose(value)} disabled={shown.length === 1 && shown.includes(value)} />
            </td>
            <td className={parts.mono}>{detail}</td>
            <td>{risk !== "" && <RiskBadge risk={risk satisfies RiskName} />}</td>
            {strings && (
              <td>
                {shape === "pointer" && (
                  <Checkbox
                    size="xs"
                    aria-label={`Read the string of ${value}`}
                    checked={followed.includes(value)}
                    onChange={() => set("strings", toggle(followed, value).join(","))}
                  />
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Comparisons({ fields, text, change }: { fields: readonly FieldName[]; text: string; change: (text: string) => void }) {
  const rows = parseComparisons(text);
  if (rows === null) return <TextInput label="where" value={text} onChange={(event) => change(event.currentTarget.value)} spellCheck={false} />;
  const write = (next: readonly Comparison[]): void => change(comparisonsText(next, fields));
  const put = (index: number, part: Partial<Comparison>): void => write(rows.map((row, at) => (at === index ? { ...row, ...part } : row)));
  const usable = fields.filter(({ shape }) => shape !== "bytes");
  const first = usable[0];
  return (
    <div className={classes.rows}>
      {rows.map((row, index) => (
        <div key={index} className={classes.row} data-testid="comparison">
          <Select
            aria-label="Field"
            data={usable.map(({ value }) => value)}
            value={row.field}
            onChange={(field) => put(index, { field: field ?? row.field, op: "==" })}
          />
          <Select
            aria-label="Operator"
            data={[...operatorsOf(fields.find(({ value }) => value === row.field)?.shape ?? "")]}
            value={row.op}
            onChange={(op) => put(index, { op: op ?? row.op })}
          />
          <TextInput aria-label="Value" value={row.value} onChange={(event) => put(index, { value: event.currentTarget.value })} spellCheck={false} />
          <Button variant="subtle" onClick={() => write(rows.filter((_, at) => at !== index))} aria-label={`Remove the comparison of ${row.field}`}>
            Remove
          </Button>
        </div>
      ))}
      {first !== undefined && rows.length < 8 && (
        <Button variant="default" data-testid="add-comparison" onClick={() => write([...rows, { field: first.value, op: "==", value: "" }])}>
          Only where a field…
        </Button>
      )}
    </div>
  );
}
