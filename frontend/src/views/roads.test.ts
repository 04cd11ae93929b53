import { describe, expect, it } from "vitest";
import type { Answer, Question } from "../api/tracing";
import { Histograms, sum } from "./histogram/transform";
import { chunkOfSums, sumsQuestion } from "./sums";
import { create } from "@bufbuild/protobuf";
import { type Column, ColumnSchema, CType } from "../gen/proto/v1/tool_pb";
import * as plain from "./testing";
import { anchor, type Row, rows } from "./testing";
import { rankedRows, TopTable } from "./top/transform";
import { topSums } from "./top/use-stored-top";

/** Rows that arrive one by one, and the store's sums of them, are drawn alike. */
const names = ["read", "write", "futex", "openat"];
const made: Row[] = Array.from({ length: 500 }, (_, i) => ({
  second: BigInt(1 + ((i * 7) % 40)),
  name: names[(i >> 2) % 4] ?? "",
  values: [(i * 31) % 17, (i * 13) % 101],
  run: i % 2,
}));
const typed = (column: Column, type: CType): Column => create(ColumnSchema, { ...column, type });
const [time, syscall] = [typed(plain.time, CType.CTYPE_S64), typed(plain.syscall, CType.CTYPE_CHAR)];
const [calls, total, slot] = [plain.calls, plain.total, plain.slot].map((column) => typed(column, CType.CTYPE_U64)) as [Column, Column, Column];
const SECOND = 1_000_000_000n;
const runOf = (host: string) => ({ index: Number(host.slice(1)) || 0, ...anchor() });

/** What the store says, worked out by hand: the server's own tests hold it against the same rules. */
function answerOf(question: Question, list: readonly Row[], cells: (row: Row) => Record<string, number | string>): Answer {
  const groups = new Map<string, (number | string)[]>();
  const keys = question.group_by ?? [];
  const measures = question.measures ?? [];
  for (const row of list) {
    const cell = { ...cells(row), host: `h${row.run ?? 0}` } as Record<string, number | string>;
    const key = keys.map(({ column = "", width }) => {
      const value = cell[column] ?? "";
      return width == null ? value : (BigInt(value) - (BigInt(value) % BigInt(width))).toString();
    });
    const group = groups.get(key.join(" ")) ?? [...key, ...measures.map(() => 0)];
    groups.set(key.join(" "), group);
    measures.forEach(({ column = "" }, place) => (group[keys.length + place] = Number(group[keys.length + place]) + Number(cell[column])));
  }
  const columns = [...keys.map(({ column = "" }) => column), ...measures.map(({ column = "" }) => `sum_${column}`)];
  return { columns: columns.map((name) => ({ name, type: "number", unit: "none" })), rows: [...groups.values()] };
}

const wall = (row: Row): string => (row.second * SECOND + 1000n * SECOND).toString();

describe("both roads", () => {
  it("rank the same keys with the same sums and histories, hosts together and apart", () => {
    const columns = [time, syscall, calls, total];
    const cells = (row: Row) => ({ time: wall(row), syscall: row.name, count: Number(row.values[0]), total: Number(row.values[1]) });
    for (const apart of [false, true]) {
      const live = new TopTable(columns, "count", anchor);
      made.forEach((row) => live.add(rows([row])));
      const stream = { name: "calls", columns, hits: "count" } as never;
      const wanted = { span: "total" as const, apart, sort: 3, shown: 150 };
      const sums = topSums(stream, live, wanted, [], []);
      const table = (asked: Question) => {
        const own = new TopTable(columns, "count", anchor);
        own.add(chunkOfSums(columns, answerOf(asked, made, cells), runOf));
        return own;
      };
      const stored = rankedRows(table(sumsQuestion(sums)), table(sumsQuestion({ ...sums, seconds: 1, measures: ["count"] })), apart, 3);
      expect(stored).toEqual(live.rows("total", apart, 3));
      expect(stored).toHaveLength(apart ? 8 : 4);
    }
  });

  it("draw the same distributions and the same heat", () => {
    const columns = [time, syscall, slot, calls];
    const cells = (row: Row) => ({ time: wall(row), syscall: row.name, slot: Number(row.values[0]), count: Number(row.values[1]) });
    const live = new Histograms(columns, "count", anchor);
    made.forEach((row) => live.add(rows([row])));
    const question = { stream: "latency", columns, filters: [], measures: ["count"] };
    const stored = (asked: Question) => {
      const own = new Histograms(columns, "count", anchor);
      own.add(chunkOfSums(columns, answerOf(asked, made, cells), runOf));
      return own.list();
    };
    const totals = (list: ReturnType<typeof stored>) => list.map(({ key, counts, events }) => [key, [...counts], events]);
    expect(totals(stored(sumsQuestion({ ...question, keys: ["syscall", "slot"] })))).toEqual(totals(live.list()));
    const over = sum(stored(sumsQuestion({ ...question, keys: ["slot"], seconds: 1 }))).bySecond;
    const bySecond = sum(live.list()).bySecond;
    expect(new Map([...over].sort())).toEqual(new Map([...bySecond].sort()));
    expect(bySecond.size).toBe(40);
  });
});
