import { describe, expect, it } from "vitest";
import type { Program } from "../../api/tracing";
import { programTexts } from "./program";

const loaded: Program = {
  host: "web-1",
  source: "int f;",
  switches: [],
  functions: [
    { name: "f", type: "tracepoint", instructions: 2, bytecode: "   0: (b7) r0 = 0\n   1: (95) exit" },
    { name: "g", type: "uprobe", instructions: 1, bytecode: "   0: (95) exit" },
  ],
  log: "",
};

describe("the texts of a program", () => {
  it("are C and bytecode of every function when it was loaded", () => {
    const [source, bytecode, ...others] = programTexts(loaded);
    expect(source?.text).toBe("int f;");
    expect(bytecode?.title).toBe("Bytecode, 3 instructions");
    expect(bytecode?.text.split("\n\n").map((text) => text.split("\n")[0])).toEqual([
      "f (tracepoint, 2 instructions)",
      "g (uprobe, 1 instructions)",
    ]);
    expect(others).toEqual([]);
  });

  it("begin with the reason when it was refused", () => {
    expect(programTexts({ ...loaded, functions: [], log: "infinite loop" }).map(({ name }) => name)).toEqual(["log", "source"]);
  });
});
