import { Button } from "@mantine/core";
import { type ReactNode, useRef, useState } from "react";
import classes from "./row-editor.module.css";

interface Props<R> {
  readonly rows: readonly R[];
  readonly change: (rows: readonly R[]) => void;
  /** What a new row begins as; null: there can be none. */
  readonly blank: R | null;
  readonly most: number;
  readonly addText: string;
  readonly removeText: (row: R, index: number) => string;
  readonly testId: string;
  /** `fresh`: the row was just added and its first field takes the focus. */
  readonly draw: (row: R, put: (part: Partial<R>) => void, fresh: boolean, index: number) => ReactNode;
}

/** A list of rows to add to and take from; the focus follows. */
export function RowEditor<R>({ rows, change, blank, most, addText, removeText, testId, draw }: Props<R>) {
  const [added, setAdded] = useState(-1);
  const add = useRef<HTMLButtonElement>(null);
  const put = (index: number, part: Partial<R>): void => change(rows.map((row, at) => (at === index ? { ...row, ...part } : row)));
  const remove = (index: number): void => {
    setAdded(-1);
    change(rows.filter((_, at) => at !== index));
    add.current?.focus();
  };
  return (
    <div className={classes.rows}>
      {rows.map((row, index) => (
        <div key={index} className={classes.row} data-testid={testId}>
          {draw(row, (part) => put(index, part), index === added, index)}
          <Button variant="subtle" onClick={() => remove(index)} aria-label={removeText(row, index)}>
            Remove
          </Button>
        </div>
      ))}
      {blank !== null && (
        <Button
          ref={add}
          variant="default"
          data-testid={`${testId}-add`}
          disabled={rows.length >= most}
          onClick={() => {
            setAdded(rows.length);
            change([...rows, blank]);
          }}
        >
          {addText}
        </Button>
      )}
    </div>
  );
}
