import type { Tool } from "../../api/catalog";
import { Loading } from "../../ui/parts";
import { FieldParams } from "./field-params";
import { type FieldsProps, ParamFields } from "./fields";
import type { Draft } from "./draft";
import classes from "./start.module.css";
import type { Fields } from "./use-fields";

interface Props extends FieldsProps<Draft["params"]> {
  readonly tool: Tool;
  readonly fields: Fields;
  readonly pid: number;
}

/** The tool's parameters; those about fields of a tracepoint as choices among them, or as texts where nobody tells them. */
export function WhatFields({ fields, ...props }: Props) {
  const { tool, values, change } = props;
  const asTexts = fields.state === "none" || fields.state === "unknown";
  return (
    <>
      <ParamFields {...props} tool={asTexts ? tool : withoutFields(tool)} />
      {fields.state === "unnamed" && <p className={classes.note}>Its fields can be chosen and compared once the tracepoint is named.</p>}
      {fields.state === "asking" && <Loading rows={4} />}
      {fields.state === "unknown" && (
        <p className={classes.note} role="status" data-testid="fields-unknown">
          The fields of {fields.target} are not known, so write them as text. {fields.why}
        </p>
      )}
      {fields.state === "known" && <FieldParams fields={fields.list} params={values} change={change} />}
    </>
  );
}

function withoutFields(tool: Tool): Tool {
  return { ...tool, params: (tool.params ?? []).filter(({ type }) => type !== "fields" && type !== "conditions") };
}
