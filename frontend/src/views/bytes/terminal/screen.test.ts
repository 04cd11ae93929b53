import { afterEach, describe, expect, it } from "vitest";
import { Screen } from "./screen";

const screens: Screen[] = [];
afterEach(() => screens.splice(0).forEach((screen) => screen.dispose()));

async function screenOf(...parts: readonly (string | Uint8Array)[]): Promise<Screen> {
  const screen = new Screen({ columns: 20, rows: 4 }, () => undefined);
  screens.push(screen);
  for (const part of parts) screen.write(typeof part === "string" ? new TextEncoder().encode(part) : part);
  await settled(screen);
  return screen;
}

async function settled(screen: Screen): Promise<void> {
  while (screen.pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

function text(screen: Screen, y: number): string {
  return screen
    .line(y)
    .map((span) => span.text)
    .join("")
    .trimEnd();
}

describe("a screen", () => {
  it("has text, places and colours", async () => {
    const screen = await screenOf("one\r\n\u001b[1;31mred\u001b[0m plain \u001b[48;2;1;2;3mx\u001b[0m\u001b[4;1Hlast");
    expect([text(screen, 0), text(screen, 1), text(screen, 3)]).toEqual(["one", "red plain x", "last"]);
    const [red, , x] = screen.line(1);
    expect(red).toEqual({ text: "red", cells: 3, color: "var(--ansi-9)", background: "", marks: "bold" });
    expect(x?.background).toBe("rgb(1, 2, 3)");
    expect(screen.cursor).toEqual({ x: 4, y: 3 });
  });

  it("keeps what is wider or combined in its own cells", async () => {
    const screen = await screenOf("a世e\u0301z");
    expect(screen.line(0).slice(0, 4).map(({ text: own, cells }) => [own, cells])).toEqual([
      ["a", 1],
      ["世", 2],
      ["e\u0301", 1],
      [`z${" ".repeat(15)}`, 16],
    ]);
  });

  it("joins a character that comes in two pieces", async () => {
    expect(text(await screenOf(Uint8Array.of(0xc3), Uint8Array.of(0xa9)), 0)).toBe("é");
  });

  it("takes nothing but pictures from what a program sends", async () => {
    const hostile = [
      "\u001b]52;c;c3RvbGVu\u0007",
      "\u001b]0;owned\u0007\u001b]2;owned\u001b\\",
      "\u001b]8;;javascript:alert(1)\u0007click\u001b]8;;\u0007",
      "\u001b[c\u001b[>c\u001b[6n\u001b[5n\u001b]10;?\u0007\u001bP$qm\u001b\\",
      "\u001b[8;9999;9999t\u001b[?3h\u001b[20t",
      "\u001b]1337;File=:AAAA\u0007\u001b]9;hello\u0007\u001b[?1003h\u001b[?2004h",
    ];
    const screen = await screenOf(...hostile);
    expect(text(screen, 0)).toBe("click");
    expect(screen.size).toEqual({ columns: 20, rows: 4 });
  });

  it("shows and marks what a program hid, and takes out what would turn text around", async () => {
    const screen = await screenOf("\u001b[8mhid\u001b[0m x\u202eabc");
    const line = screen.line(0);
    expect(line[0]).toMatchObject({ text: "hid", marks: "hidden" });
    expect(text(screen, 0)).toBe("hid xabc");
    expect(line[2]).toMatchObject({ text: "x", marks: "hidden" });
  });

  it("follows the size of the terminal, within reason", async () => {
    const screen = await screenOf("x".repeat(25));
    screen.resize(65_535, 65_535);
    screen.write(new TextEncoder().encode("y"));
    await settled(screen);
    expect(screen.size).toEqual({ columns: 500, rows: 300 });
  });

  it("starts anew", async () => {
    const screen = await screenOf("old\u001b[?25l");
    expect(screen.cursorShown).toBe(false);
    screen.reset();
    expect([text(screen, 0), screen.cursorShown, screen.pending]).toEqual(["", true, 0]);
  });
});
