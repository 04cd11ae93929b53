import { describe, expect, it } from "vitest";
import { anchor, calls, rows, syscall, time, total } from "../testing";
import { HISTORY, TopTable } from "./transform";

describe("ranking", () => {
  const table = (): TopTable => {
    const made = new TopTable([time, syscall, calls, total], "count", anchor);
    made.add(
      rows([
        { second: 1n, name: "read", values: [10, 100] },
        { second: 1n, name: "write", values: [20, 50] },
      ]),
    );
    made.add(rows([{ second: 2n, name: "read", values: [30, 900] }]));
    return made;
  };

  it("adds up the whole session", () => {
    const found = table().rows("total", false, 2);
    expect(found.map((row) => [row.keys[0], ...row.values])).toEqual([
      ["read", 40, 1000],
      ["write", 20, 50],
    ]);
  });

  it("shows the last interval alone", () => {
    expect(
      table()
        .rows("interval", false, 2)
        .map((row) => [row.keys[0], ...row.values]),
    ).toEqual([["read", 30, 900]]);
  });

  it("sorts by the measure asked for", () => {
    const made = table();
    made.add(rows([{ second: 2n, name: "futex", values: [1, 5000] }]));
    expect(made.rows("total", false, 3)[0]?.keys).toEqual(["futex"]);
  });

  it("keeps hosts together or apart, each with its own last interval", () => {
    const made = table();
    made.add(rows([{ second: 1n, name: "read", values: [5, 10], run: 1 }]));
    expect(made.rows("interval", false, 2).map((row) => row.values[0])).toEqual([35]);
    expect(made.rows("total", true, 2).map((row) => row.values[0])).toEqual([40, 20, 5]);
  });

  it("remembers the last minute by second", () => {
    const history = table().rows("total", false, 2)[0]?.history ?? [];
    expect(history).toHaveLength(HISTORY);
    expect(history.slice(-2)).toEqual([10, 30]);
  });

  it("is the same whether rows came in one chunk or many", () => {
    const whole = new TopTable([time, syscall, calls, total], "count", anchor);
    whole.add(
      rows([
        { second: 1n, name: "read", values: [10, 100] },
        { second: 1n, name: "write", values: [20, 50] },
        { second: 2n, name: "read", values: [30, 900] },
      ]),
    );
    expect(whole.rows("total", false, 2)).toEqual(table().rows("total", false, 2));
  });
});
