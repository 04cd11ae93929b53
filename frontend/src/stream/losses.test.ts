import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { RunStateSchema } from "../gen/proto/v1/live_pb";
import { LossCause } from "../gen/proto/v1/stream_pb";
import { gaps } from "./losses";

it("puts losses on the wall clock, and leaves out causes that took nothing", () => {
  const run = create(RunStateSchema, {
    host: "build-01",
    bootNs: 1_000_000_000n,
    wallNs: 500_000_000_000n,
    ledger: {
      lost: [
        { cause: LossCause.RING, events: 6n, firstBootNs: 3_000_000_000n, lastBootNs: 4_500_000_000n },
        { cause: LossCause.THROTTLED, events: 0n },
      ],
    },
  });
  expect(gaps([run])).toEqual([{ host: "build-01", cause: "ring buffer full", events: 6n, fromSecond: 502, toSecond: 503.5 }]);
});
