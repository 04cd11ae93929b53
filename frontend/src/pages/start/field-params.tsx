import { Checkbox, Select, TextInput } from "@mantine/core";
import type { RiskName } from "../../api/catalog";
import { RiskBadge } from "../../ui/risk";
import parts from "../../ui/parts.module.css";
import { comparisonsText, type FieldName, followed, listed, misfit, operatorsOf, parseComparisons } from "./conditions";
import classes from "./field-params.module.css";
import type { Draft } from "./draft";
import { RowEditor } from "./row-editor";

type Params = Draft["params"];

const MOST = 8;

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
      <Comparisons fields={followed(fields, params)} text={params.where ?? ""} change={(text) => set("where", text)} />
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
  const read = listed(params.strings);
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
                    checked={read.includes(value)}
                    onChange={() => set("strings", toggle(read, value).join(","))}
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
  if (rows === null) {
    return <TextInput label="where" value={text} onChange={(event) => change(event.currentTarget.value)} spellCheck={false} autoComplete="off" />;
  }
  const usable = fields.filter(({ shape }) => shape !== "bytes");
  const first = usable.find(({ value }) => !value.startsWith("__")) ?? usable[0];
  const shapeOf = (field: string): string => fields.find(({ value }) => value === field)?.shape ?? "";
  return (
    <RowEditor
      rows={rows}
      change={(next) => change(comparisonsText(next, fields))}
      blank={first === undefined ? null : { field: first.value, op: "==", value: "" }}
      most={MOST}
      addText={rows.length === 0 ? "Only where a field…" : "And where a field…"}
      removeText={({ field }) => `Remove the comparison of ${field}`}
      testId="comparison"
      draw={(row, put, fresh) => (
        <>
          <Select
            aria-label="Field"
            data={usable.map(({ value }) => value)}
            value={row.field}
            allowDeselect={false}
            autoFocus={fresh}
            searchable
            onChange={(field) => put({ field: field ?? row.field, op: "==" })}
          />
          <Select
            aria-label="Operator"
            data={operatorsOf(shapeOf(row.field)).map(([value, label]) => ({ value, label }))}
            value={row.op}
            allowDeselect={false}
            onChange={(op) => put({ op: op ?? row.op })}
          />
          <TextInput
            aria-label="Value"
            placeholder={shapeOf(row.field) === "text" ? "a text" : "a number, 0x…, or a name"}
            value={row.value}
            error={misfit(shapeOf(row.field), row.value)}
            onChange={(event) => put({ value: event.currentTarget.value })}
            autoComplete="off"
            spellCheck={false}
          />
        </>
      )}
    />
  );
}
