import { describe, expect, it } from "vitest";
import { anchor } from "../../testing";
import { said, SSL, TTY, shown } from "../testing";
import { Conversations, finder } from "./transform";

describe("conversations", () => {
  it("are told apart by process and connection, not by thread name", () => {
    const all = new Conversations(SSL, anchor);
    all.add(said([{ data: "one" }, { data: "two", comm: "worker", direction: "in" }, { data: "x", conn: 0xb0n }]));
    all.add(said([{ data: "elsewhere" }], 1));
    expect(all.list.map(({ labels, run }) => [...labels, run])).toEqual([
      ["curl", "7", "0xa0", 0],
      ["curl", "7", "0xb0", 0],
      ["curl", "7", "0xa0", 1],
    ]);
    expect(all.list[0]).toMatchObject({ bytesOut: 3, bytesIn: 3 });
  });

  it("say how much of a message is missing, and when it was on the wall clock", () => {
    const all = new Conversations(SSL, anchor);
    all.add(said([{ data: "abc", size: 40_000, ms: 1500 }]));
    const [message] = all.list[0]?.messages ?? [];
    expect(message).toMatchObject({ size: 40_000, latency: 5000, direction: "out", ns: 1_001_500_000_000n });
    expect(message?.data.length).toBe(3);
  });

  it("let go of the oldest messages when they are too many bytes", () => {
    const all = new Conversations(SSL, anchor, 1000);
    all.add(said(Array.from({ length: 50 }, (_, i) => ({ data: String(i).padEnd(100, "."), conn: BigInt(i % 2) }))));
    expect(all.messages + all.dropped).toBe(50);
    expect(all.messages).toBe(3);
    const [even, odd] = all.list;
    expect((even?.messages.length ?? 0) + (odd?.messages.length ?? 0)).toBe(3);
    expect((even?.dropped ?? 0) + (odd?.dropped ?? 0)).toBe(47);
  });

  it("of a terminal are one for each", () => {
    const all = new Conversations(TTY, anchor);
    all.add(shown([{ ms: 1, data: "a" }, { ms: 2, data: "b", pts: 4 }]));
    expect(all.list.map(({ labels }) => labels)).toEqual([["pts/3"], ["pts/4"]]);
  });
});

describe("search", () => {
  it("looks at bytes, blind to ASCII case", () => {
    const all = new Conversations(SSL, anchor);
    all.add(said([{ data: "Set-Cookie: ID=1" }, { data: Uint8Array.of(0xff, 0x43, 0x4f) }, { data: "none" }]));
    const messages = all.list[0]?.messages ?? [];
    expect(finder("")).toBeNull();
    expect(messages.filter(finder("cookie") ?? (() => false)).map(({ id }) => id)).toEqual([0]);
    expect(messages.filter(finder("co") ?? (() => false)).map(({ id }) => id)).toEqual([0, 1]);
  });
});
