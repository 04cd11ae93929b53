import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { RunStateSchema } from "../../gen/proto/v1/live_pb";
import { LossCause } from "../../gen/proto/v1/stream_pb";
import { Rates } from "../../stream/rates";
import { ledgerLines, worstBooks } from "./ledger";
import { timelineBins } from "./timeline-bins";

const run = create(RunStateSchema, {
  run: "a",
  host: "build-01",
  booksMessage: "6 lost",
  ledger: {
    seen: 106n,
    stored: 100n,
    lost: [
      { cause: LossCause.RING, events: 6n, firstBootNs: 3_000_000_000n, lastBootNs: 4_500_000_000n },
      { cause: LossCause.THROTTLED, events: 0n },
    ],
  },
});

describe("the ledger on screen", () => {
  it("calls a session by its worst run", () => {
    expect(worstBooks(["complete", "lossy", "limited"])).toBe("lossy");
    expect(worstBooks(["complete", "broken"])).toBe("broken");
    expect(worstBooks(["complete", "blind", "limited"])).toBe("blind");
    expect(worstBooks(["blind", "lossy"])).toBe("lossy");
    expect(worstBooks(["complete", "in-flight"])).toBe("in-flight");
    expect(worstBooks([])).toBe("in-flight");
  });

  it("names causes and leaves out those that took nothing", () => {
    expect(ledgerLines([run])).toEqual([
      { host: "build-01", seen: 106n, stored: 100n, lost: [{ cause: "ring buffer full", events: 6n }], message: "6 lost" },
    ]);
  });
});

describe("timeline bins", () => {
  const rates = new Rates();
  for (let second = 100; second < 110; second++) rates.add(second % 2, BigInt(second) * 1_000_000_000n, 10);

  it("are seconds while they fit", () => {
    const bins = timelineBins(rates, 50);
    expect(bins).toHaveLength(10);
    expect(bins[0]).toMatchObject({ from: 100, to: 101, rate: 10 });
    expect(bins[1]?.byRun[1]).toBe(10);
  });

  it("are averages of several when they do not", () => {
    const bins = timelineBins(rates, 5);
    expect(bins).toHaveLength(5);
    expect(bins[0]).toMatchObject({ from: 100, to: 102, rate: 10, byRun: [5, 5] });
  });

  it("are none before the first row", () => {
    expect(timelineBins(new Rates(), 50)).toEqual([]);
  });
});
