import { describe, expect, it } from "vitest";
import { escapeBytes, splitArgv, unescapeBytes, visible, visibleLines } from "./bytes-text";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("unescapeBytes", () => {
  it("brings every byte back", () => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(unescapeBytes(escapeBytes(every))).toEqual(every);
    for (const own of ["", "plain", "grün\\x41", "\\\\"]) expect(unescapeBytes(escapeBytes(text(own)))).toEqual(text(own));
  });

  it("refuses what no escape makes", () => {
    expect(() => unescapeBytes("a\\q")).toThrow("Stray backslash");
  });
});

describe("escapeBytes", () => {
  it("keeps valid UTF-8 and doubles backslashes", () => {
    expect(escapeBytes(text("/tmp/grün/日本\\x"))).toBe("/tmp/grün/日本\\\\x");
  });

  it("writes each byte that is not UTF-8 as \\xNN", () => {
    expect(escapeBytes(bytes(0x61, 0xff, 0xfe, 0x62))).toBe("a\\xff\\xfeb");
  });

  it("does not take a cut, an overlong or a surrogate sequence for UTF-8", () => {
    expect(escapeBytes(bytes(0xe2, 0x82))).toBe("\\xe2\\x82");
    expect(escapeBytes(bytes(0xc0, 0xaf))).toBe("\\xc0\\xaf");
    expect(escapeBytes(bytes(0xed, 0xa0, 0x80))).toBe("\\xed\\xa0\\x80");
  });

  it("keeps a byte order mark", () => {
    expect(escapeBytes(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  });
});

describe("visible", () => {
  it("spells out control and bidirectional characters", () => {
    expect(visible("a\nb\u0001\u202ec\u007f\u200b")).toBe("a\\nb\\x01\\u202ec\\x7f\\u200b");
  });

  it("leaves nothing that a screen hides or obeys, and everything else as it is", () => {
    for (const typed of ["=cmd|x", "<script>", "日本 ünï 👍", "'; drop table--"]) expect(visible(typed)).toBe(typed);
    for (const code of [0x00, 0x1b, 0x7f, 0x9b, 0xad, 0x61c, 0x180e, 0x200d, 0x202e, 0x2028, 0x2066, 0xfeff, 0xfffb, 0xe0041])
      expect(visible(String.fromCodePoint(code))).toMatch(/^\\(e|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})$/);
  });

  it("may keep lines and tabs", () => {
    expect(visibleLines("int a;\r\n\tb; // \u202e\u001b\n")).toBe("int a;\n\tb; // \\u202e\\e\n");
  });

  it("cannot be confused with text that was typed", () => {
    expect(visible(escapeBytes(text("a\\n")))).toBe("a\\\\n");
    expect(visible(escapeBytes(text("a\n")))).toBe("a\\n");
  });
});

describe("splitArgv", () => {
  it("splits at NUL, keeping empty arguments", () => {
    const parts = splitArgv(text("ls\0\0-l\0"));
    expect(parts.map((part) => new TextDecoder().decode(part))).toEqual(["ls", "", "-l"]);
  });

  it("takes a last argument without NUL", () => {
    expect(splitArgv(text("a\0b")).length).toBe(2);
    expect(splitArgv(text(""))).toEqual([]);
  });
});
