import { describe, expect, it } from "vitest";
import { anchor } from "../../testing";
import { shown, TTY } from "../testing";
import { marksOf } from "./marks";
import { type Reel, Tapes } from "./tape";
import { typedBefore } from "./typed";

function reelOf(...list: Parameters<typeof shown>[0]): Reel {
  const tapes = new Tapes(TTY, anchor);
  tapes.add(shown(list));
  return tapes.list[0] as Reel;
}

describe("marks", () => {
  it("say what was cut, lost, skipped and let go, in order of time", () => {
    const reel = reelOf({ ms: 0, data: "a" }, { ms: 2000, data: "b", size: 11 });
    reel.dropped = 4;
    const gap = { host: "h", cause: "ring buffer full", events: 3n, fromSecond: 1001, toSecond: 1001 };
    const marks = marksOf(reel, [gap], 7);
    expect(marks.map(({ at }) => at - 1_000_000)).toEqual([0, 0, 1000, 2000]);
    expect(marks.map(({ text }) => text.replace(/ \d\d:\d\d:\d\d/, ""))).toEqual([
      "this browser skipped 7 writes; reload to have them",
      "4 older writes let go; export has them",
      "3 writes lost about: ring buffer full",
      "10 bytes cut at",
    ]);
  });

  it("are none where nothing is missing", () => {
    expect(marksOf(reelOf({ ms: 0, data: "a" }), [], 0)).toEqual([]);
  });
});

it("what was typed is spelled out, up to the moment shown", () => {
  const reel = reelOf({ ms: 0, data: "ls", direction: "in" }, { ms: 1, data: "ls" }, { ms: 2, data: "\r", direction: "in" }, { ms: 9, data: "x", direction: "in" });
  expect(typedBefore(reel, 1_000_005)).toBe("ls\\r");
  expect(typedBefore(reel, 1_000_100)).toBe("ls\\rx");
});
