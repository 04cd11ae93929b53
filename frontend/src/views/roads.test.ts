import { describe, expect, it } from "vitest";
import type { Answer, Question } from "../api/tracing";
import { Histograms, sum } from "./histogram/transform";
import { CounterSeries } from "./counters/transform";
import { pointsQuestion, stepFor } from "./counters/use-stored-counters";
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

  it("draw the same curves, and of more points than one answer holds the highest of each few seconds", () => {
    const columns = [time, syscall, calls, total];
    const stream = { name: "usage", columns, hits: "count" };
    const drawn = (chunk: ReturnType<typeof rows>) => {
      const own = new CounterSeries(columns, "count", anchor);
      own.add(chunk);
      return own.list.map(({ key, points }) => [key, points]);
    };
    const list: Row[] = Array.from({ length: 12 }, (_, i) => ({ second: BigInt(i), name: "cpu", values: [i % 5, 2 * i] }));
    const cells = list.map((row) => ["h0", wall(row), row.name, ...row.values.map(Number)]);
    const plain = pointsQuestion(stream, "time", [], 0);
    expect(plain).toMatchObject({ columns: ["host", "time", "syscall", "count", "total"], order: [{ by: "time" }] });
    const named = (names: readonly string[]) => names.map((name) => ({ name, type: "number" as const, unit: "none" }));
    expect(drawn(chunkOfSums(columns, { columns: named(plain.columns ?? []), rows: cells }, runOf))).toEqual(drawn(rows(list)));
    const { group_by: by = [], measures = [] } = pointsQuestion(stream, "time", [], 4);
    expect(by).toEqual([{ column: "time", width: 4e9 }, { column: "host" }, { column: "syscall" }]);
    const names = [...by.map(({ column = "" }) => column), ...measures.map(({ function: name, column }) => `${name}_${column}`)];
    const highest = [0, 4, 8].map((at) => [wall({ ...(list[at] as Row) }), "h0", "cpu", Math.max(...[0, 1, 2, 3].map((i) => (at + i) % 5)), 2 * (at + 3)]);
    const [[, points] = []] = drawn(chunkOfSums(columns, { columns: named(names), rows: highest }, runOf));
    expect(points).toEqual([
      { at: 1_000_000, values: [3, 6] },
      { at: 1_004_000, values: [4, 14] },
      { at: 1_008_000, values: [4, 22] },
    ]);
  });

  it("put as many seconds into a point as it takes for all to fit into one answer", () => {
    const answer = (rows: number, seconds: number, moments: number): Answer => ({ columns: [], rows: [[rows, "0", String(seconds * 1e9), moments]] });
    expect(stepFor(answer(0, 0, 0))).toBe(0);
    expect(stepFor(answer(10_000, 10_000, 10_000))).toBe(0);
    for (const series of [1, 7]) {
      for (const every of [1, 5]) {
        const seconds = 86_400;
        const moments = seconds / every;
        const step = stepFor(answer(moments * series, seconds, moments));
        expect(series * Math.ceil(seconds / step)).toBeLessThan(10_000);
        expect(step).toBeLessThan((3 * seconds * series) / 10_000);
      }
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
