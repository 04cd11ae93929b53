import { beforeEach, describe, expect, it } from "vitest";
import { anchor } from "../../testing";
import { shown, type Shown, TTY } from "../testing";
import { Player, type Sink } from "./player";
import { type Reel, Tapes } from "./tape";

class Paper implements Sink {
  text = "";
  pending = 0;
  resets = 0;
  reset(): void {
    this.text = "";
    this.resets++;
  }
  resize(): void {
    this.text += "|";
  }
  write(data: Uint8Array): void {
    this.text += new TextDecoder().decode(data);
  }
}

function reelOf(list: readonly Shown[], bound?: number): { tapes: Tapes; reel: Reel } {
  const tapes = new Tapes(TTY, anchor, bound);
  tapes.add(shown(list));
  return { tapes, reel: tapes.list[0] as Reel };
}

const LETTERS: readonly Shown[] = [
  { ms: 0, data: "a" },
  { ms: 100, data: "keys", direction: "in" },
  { ms: 200, data: "b" },
  { ms: 60_000, data: "c" },
];
const START = 1_000_000;

describe("a player", () => {
  let paper: Paper;
  beforeEach(() => (paper = new Paper()));

  it("shows everything there is, and what arrives; never what was typed", () => {
    const { tapes, reel } = reelOf(LETTERS);
    const player = new Player(reel, paper);
    player.tick(0);
    expect(paper.text).toBe("abc");
    tapes.add(shown([{ ms: 61_000, data: "d" }]));
    player.tick(16);
    expect(paper.text).toBe("abcd");
    expect(player.at).toBe(START + 61_000);
  });

  it("goes back by playing what was before again", () => {
    const player = new Player(reelOf(LETTERS).reel, paper);
    player.tick(0);
    player.seek(START + 200);
    player.tick(16);
    expect([paper.text, paper.resets, player.mode]).toEqual(["ab", 1, "paused"]);
    player.seek(START + 60_000);
    player.tick(32);
    expect([paper.text, paper.resets]).toEqual(["abc", 1]);
    player.seek(START - 5);
    player.tick(48);
    expect(paper.text).toBe("");
  });

  it("plays in the tape's own time, and leaves out pauses when asked to", () => {
    const player = new Player(reelOf(LETTERS).reel, paper);
    player.tick(0);
    player.play();
    player.tick(1000);
    player.tick(1100);
    expect(paper.text).toBe("a");
    player.tick(1250);
    expect(paper.text).toBe("ab");
    player.tick(1250 + 700);
    expect(paper.text).toBe("ab");
    player.tick(1250 + 950);
    expect([paper.text, player.mode]).toEqual(["abc", "end"]);
  });

  it("keeps pauses when asked to, and can be faster", () => {
    const player = new Player(reelOf(LETTERS).reel, paper);
    player.skipPauses = false;
    player.speed = 16;
    player.play();
    player.tick(0);
    player.tick(1000);
    expect(paper.text).toBe("ab");
    player.tick(4000);
    expect(paper.text).toBe("abc");
  });

  it("stands still while paused, and from the end plays from the beginning", () => {
    const player = new Player(reelOf(LETTERS).reel, paper);
    player.tick(0);
    player.play();
    player.tick(10);
    player.tick(20);
    player.pause();
    player.tick(90_000);
    expect([paper.text, player.mode]).toEqual(["a", "paused"]);
    player.follow();
    player.tick(90_016);
    expect(paper.text).toBe("abc");
  });

  it("writes no more than the screen takes in", () => {
    const player = new Player(reelOf(LETTERS).reel, paper);
    paper.pending = 10 ** 9;
    player.tick(0);
    expect([paper.text, player.busy]).toEqual(["", true]);
    paper.pending = 0;
    player.tick(16);
    expect([paper.text, player.busy]).toEqual(["abc", false]);
  });
});

describe("a tape", () => {
  it("has one reel a terminal, and time never falls along it", () => {
    const { tapes } = reelOf([
      { ms: 5, data: "a" },
      { ms: 3, data: "b" },
      { ms: 4, data: "c", pts: 9 },
    ]);
    expect(tapes.list.map(({ label }) => label)).toEqual(["pts/3", "pts/9"]);
    expect(tapes.list[0]?.events.map(({ at }) => at - START)).toEqual([5, 5]);
  });

  it("knows what was cut", () => {
    const { reel } = reelOf([{ ms: 1, data: "abc", size: 5 }]);
    expect(reel.cuts.map(({ missing }) => missing)).toEqual([2]);
  });

  it("lets the oldest go, and a player over it goes on", () => {
    const paper = new Paper();
    const { tapes, reel } = reelOf(LETTERS, 400);
    const player = new Player(reel, paper);
    player.tick(0);
    tapes.add(shown([{ ms: 70_000, data: "d".repeat(50) }]));
    player.tick(16);
    expect(reel.dropped).toBeGreaterThan(0);
    expect(paper.text.endsWith("d".repeat(50))).toBe(true);
    player.seek(START);
    player.tick(32);
    expect(paper.text).toBe("");
  });
});
