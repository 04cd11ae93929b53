import { Button, type ComboboxData, Input, Select, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import type { Param } from "../../api/catalog";
import { type Argument, argumentsText, asLength, asName, MEMORY_TYPES, NUMBER_TYPES, parseArguments, readsMemory, SKIPPED } from "./arguments";
import classes from "./argument-fields.module.css";
import { RowEditor } from "./row-editor";

const MOST = 12;
const TYPES: ComboboxData = [
  { value: SKIPPED, label: "not shown" },
  { group: "Numbers", items: [...NUMBER_TYPES] },
  { group: "Memory of the program (S3)", items: [...MEMORY_TYPES] },
];

interface Props {
  readonly param: Param;
  readonly help: string;
  readonly value: string;
  readonly error: string | false;
  readonly change: (value: string) => void;
}

/** Arguments of a call, one in a row, or as the text that they are; a parameter for one value has one row. */
export function ArgumentsField({ param, help, value, error, change }: Props) {
  const [asText, setAsText] = useState(false);
  const label = useId();
  const rows = parseArguments(value);
  return (
    <div className={classes.field} role="group" aria-labelledby={label} data-testid={`param-${param.name}`}>
      <div className={classes.head}>
        <Input.Label id={label} size="xs" labelElement="div" required={param.required ?? false}>
          {param.name}
        </Input.Label>
        {rows !== null && (
          <Button variant="subtle" size="compact-xs" onClick={() => setAsText(!asText)}>
            {asText ? "Show as rows" : "Write as text"}
          </Button>
        )}
      </div>
      <Input.Description size="xs">{help}</Input.Description>
      {rows === null || asText ? (
        <TextInput
          aria-label={param.name}
          data-testid={`param-${param.name}-text`}
          value={value}
          onChange={(event) => change(event.currentTarget.value)}
          error={error}
          autoComplete="off"
          spellCheck={false}
        />
      ) : (
        <Rows rows={rows} single={Number(param.max ?? 0) === 1} change={(next) => change(argumentsText(next))} />
      )}
      {error !== false && rows !== null && !asText && <Input.Error size="xs">{error}</Input.Error>}
    </div>
  );
}

function Rows({ rows, single, change }: { rows: readonly Argument[]; single: boolean; change: (rows: readonly Argument[]) => void }) {
  if (single) {
    const row = rows[0] ?? { name: "", type: SKIPPED, length: "" };
    const put = (part: Partial<Argument>): void => change([{ ...row, ...part }].filter(({ type }) => type !== SKIPPED));
    return <div className={classes.single}>{draw(row, put, false, "the value returned", "ret")}</div>;
  }
  return (
    <RowEditor
      rows={rows}
      change={change}
      blank={{ name: "", type: "s64", length: "" }}
      most={MOST}
      addText={rows.length === 0 ? "Show an argument…" : "Next argument"}
      removeText={(row, index) => `Remove argument ${index + 1} ${row.name}`}
      testId="argument"
      draw={(row, put, fresh, index) => draw(row, put, fresh, `argument ${index + 1}`, `arg${index + 1}`)}
    />
  );
}

function draw(row: Argument, put: (part: Partial<Argument>) => void, fresh: boolean, what: string, unnamed: string) {
  return (
    <>
      <TextInput
        aria-label={`Name of ${what}`}
        placeholder={unnamed}
        disabled={row.type === SKIPPED}
        value={row.name}
        onChange={(event) => put({ name: asName(event.currentTarget.value) })}
        autoFocus={fresh}
        autoComplete="off"
        spellCheck={false}
      />
      <Select aria-label={`Type of ${what}`} data={TYPES} value={row.type} allowDeselect={false} onChange={(type) => put({ type: type ?? row.type })} />
      {readsMemory(row.type) && (
        <TextInput
          aria-label={`Bytes of ${what}`}
          placeholder={row.type === "str" ? "at most 4095" : "64, or an argument"}
          value={row.length}
          onChange={(event) => put({ length: asLength(event.currentTarget.value) })}
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </>
  );
}
