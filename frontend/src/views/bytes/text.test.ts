import { describe, expect, it } from "vitest";
import { hexDump, looksBinary, piecesOf, plainText } from "./text";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a hex dump", () => {
  it("has offset, digits in two halves, and ASCII of the same", () => {
    expect(hexDump(bytes("GET / HTTP/1.1\r\nHost"))).toBe(
      "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n" +
        "00000010  48 6f 73 74                                       |Host|",
    );
  });

  it("is empty for no bytes", () => {
    expect(hexDump(new Uint8Array(0))).toBe("");
  });
});

describe("plain text", () => {
  it("keeps lines and tabs and spells out what could steer or hide", () => {
    expect(plainText(bytes("a\r\nb\tc\n\u001b]52;c;aGk=\u0007\u202eevil"))).toBe("a\nb\tc\n\\e]52;c;aGk=\\x07\\u202eevil");
  });

  it("spells out bytes that are no text", () => {
    expect(plainText(Uint8Array.of(0x61, 0xff, 0x00))).toBe("a\\xff\\x00");
  });
});

describe("what reads better as hex", () => {
  it.each([
    ["GET / HTTP/1.1\r\n\r\n", false],
    ["Grüße, 世界", false],
    ["", false],
    ["\u0000\u0001\u0002PRI", true],
  ])("%j: %j", (text, binary) => {
    expect(looksBinary(bytes(text))).toBe(binary);
  });

  it("is invalid UTF-8, but not a character cut at the end of the sample", () => {
    expect(looksBinary(Uint8Array.from({ length: 64 }, (_, i) => 0x80 + i))).toBe(true);
    expect(looksBinary(bytes(`${"x".repeat(511)}é`))).toBe(false);
  });
});

describe("what was found", () => {
  it("is cut out, blind to case", () => {
    expect(piecesOf("Cookie: a; cookie: b", "COOKIE")).toEqual([
      { text: "Cookie", found: true },
      { text: ": a; ", found: false },
      { text: "cookie", found: true },
      { text: ": b", found: false },
    ]);
    expect(piecesOf("text", "")).toEqual([{ text: "text", found: false }]);
  });
});
