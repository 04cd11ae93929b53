import { describe, expect, it } from "vitest";
import { parseMarkdown, splitInline } from "./markdown-blocks";

describe("parseMarkdown", () => {
  it("reads what tool pages are made of", () => {
    const page =
      "# opensnoop\n\nShows every\nopen.\n\n- one\n  more\n- two\n\n| a | b |\n| --- | --- |\n| 1 | `x` |\n\n```c\nint x;\n```\n\n    indented\n## Costs\nlittle";
    expect(parseMarkdown(page)).toEqual([
      { kind: "heading", level: 1, text: "opensnoop" },
      { kind: "paragraph", text: "Shows every open." },
      { kind: "list", items: ["one more", "two"] },
      { kind: "table", head: ["a", "b"], rows: [["1", "`x`"]] },
      { kind: "code", text: "int x;" },
      { kind: "code", text: "    indented" },
      { kind: "heading", level: 2, text: "Costs" },
      { kind: "paragraph", text: "little" },
    ]);
  });

  it("takes markup for text", () => {
    expect(parseMarkdown("<img src=x onerror=alert(1)>")).toEqual([{ kind: "paragraph", text: "<img src=x onerror=alert(1)>" }]);
  });

  it("leaves out lines that are comments", () => {
    expect(parseMarkdown("one\n\n<!-- begin -->\ntwo\n\n<!-- end -->\n")).toEqual([
      { kind: "paragraph", text: "one" },
      { kind: "paragraph", text: "two" },
    ]);
  });

  it("ends with a fence that is never closed", () => {
    expect(parseMarkdown("```\nx")).toEqual([{ kind: "code", text: "x" }]);
  });
});

describe("splitInline", () => {
  it("finds code and strong text", () => {
    expect(splitInline("a `b` **c** d*")).toEqual([
      { text: "a ", code: false, strong: false },
      { text: "b", code: true, strong: false },
      { text: " ", code: false, strong: false },
      { text: "c", code: false, strong: true },
      { text: " d*", code: false, strong: false },
    ]);
  });
});
