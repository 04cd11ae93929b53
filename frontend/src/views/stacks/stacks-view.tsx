import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { useCallback, useState } from "react";
import { formatValue } from "../../format/column";
import { count, percent } from "../../format/numbers";
import { Role, Unit } from "../../gen/proto/v1/tool_pb";
import { useConsumer } from "../consume";
import { NoRows } from "../no-rows";
import { StoredCut, StoredProblem } from "../stored-problem";
import view from "../view.module.css";
import type { ViewProps } from "../view-props";
import { FlameChart } from "./flame-chart";
import classes from "./stacks.module.css";
import { folded, type Frame, functions, StackTree } from "./transform";
import { useStoredStacks } from "./use-stored-stacks";

/** A flame graph, root at the top, with the functions that were on the CPU beside it. */
export function StacksView(props: ViewProps) {
  const { session, stream, range } = props;
  const [byKeys, setByKeys] = useState(false);
  const measures = stream.columns.filter((column) => column.role === Role.MEASURE && !column.hidden);
  const [name, setName] = useState(() => (measures.find((column) => column.unit === Unit.NANOSECONDS) ?? measures[0])?.name ?? stream.hits);
  const measure = measures.find((column) => column.name === name);
  const amount = (value: number): string =>
    `${measure === undefined ? count(value) : formatValue(measure, value)}${measure?.unit === Unit.COUNT ? ` ${name}` : ""}`;
  const make = useCallback(() => new StackTree(stream.columns, name, byKeys), [stream, name, byKeys]);
  const read = useConsumer({ session, stream }, make);
  const stored = useStoredStacks(props, name, byKeys);
  const [search, setSearch] = useState("");
  const clipboard = useClipboard({ timeout: 1500 });
  if (read === null) return null;
  const tree = stored.tree ?? (range === null ? read : new StackTree(stream.columns, name, byKeys));
  const found = search.trim() === "" ? null : finder(search.trim());
  return (
    <div className={view.view} data-testid="view-stacks" data-road={stored.tree === null ? "live" : "store"}>
      <div className={view.tools}>
        <TextInput
          className={view.search ?? ""}
          placeholder="Search functions"
          aria-label="Search functions"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="Group"
          value={byKeys ? "keys" : "merged"}
          onChange={(value) => setByKeys(value === "keys")}
          data={[
            { value: "merged", label: "All merged" },
            { value: "keys", label: "By process" },
          ]}
        />
        {measures.length > 1 && (
          <SegmentedControl
            aria-label="Width"
            value={name}
            onChange={setName}
            data={measures.map((column) => ({ value: column.name, label: `By ${column.title || column.name}` }))}
          />
        )}
        <Button variant="default" onClick={() => clipboard.copy(folded(tree.root))}>
          {clipboard.copied ? "Copied" : "Copy folded"}
        </Button>
        <StoredProblem error={stored.error} />
        <StoredCut cut={stored.cut} of="stacks" />
        <span className={view.status} data-testid="stacks-total">
          {amount(tree.root.total)}
          {found !== null && `, ${percent(share(tree.root, found))} in what was found`}
        </span>
      </div>
      {tree.root.total === 0 ? (
        <NoRows session={session} range={range} waiting="The first interval has not ended." />
      ) : (
        <div className={classes.body}>
          <FlameChart key={`${name} ${byKeys ? "keys" : "merged"} ${stored.tree === null ? "" : JSON.stringify(range)}`} root={tree.root} found={found} amount={amount} />
          <Functions root={tree.root} choose={setSearch} />
        </div>
      )}
    </div>
  );
}

function finder(search: string): (frame: Frame) => boolean {
  const needle = search.toLowerCase();
  return (frame) => frame.depth > 0 && frame.name.toLowerCase().includes(needle);
}

/** Percent of all samples that have a found frame anywhere. */
function share(root: Frame, found: (frame: Frame) => boolean): number {
  const covered = (frame: Frame): number =>
    found(frame) ? frame.total : [...frame.children.values()].reduce((sum, child) => sum + covered(child), 0);
  return root.total === 0 ? 0 : (covered(root) / root.total) * 100;
}

const LISTED = 100;

function Functions({ root, choose }: { root: Frame; choose: (name: string) => void }) {
  return (
    <div className={classes.side} tabIndex={0}>
      <table className={classes.functions}>
        <thead>
          <tr>
            <th>function</th>
            <th>self</th>
            <th>total</th>
          </tr>
        </thead>
        <tbody>
          {functions(root)
            .slice(0, LISTED)
            .map((sum) => (
              <tr key={sum.name} data-testid="function-row" data-kernel={sum.name.endsWith("_[k]") || undefined}>
                <td title={sum.name}>
                  <button type="button" className="linkButton" onClick={() => choose(sum.name)}>
                    {sum.name.replace(/_\[k\]$/, "")}
                  </button>
                </td>
                <td data-col="self" data-value={sum.self}>
                  {percent((sum.self / root.total) * 100)}
                </td>
                <td data-col="total" data-value={sum.total}>
                  {percent((sum.total / root.total) * 100)}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
