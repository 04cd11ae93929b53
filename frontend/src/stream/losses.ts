import { LossCause } from "../gen/proto/v1/stream_pb";
import type { RunState } from "../gen/proto/v1/live_pb";

const CAUSES: Record<LossCause, string> = {
  [LossCause.UNSPECIFIED]: "unspecified",
  [LossCause.RING]: "ring buffer full",
  [LossCause.THROTTLED]: "over the events/s limit",
  [LossCause.LIMIT]: "after the row or byte limit",
  [LossCause.SPOOL]: "no room on the host's disk",
  [LossCause.MAP_FULL]: "kernel map full",
  [LossCause.STACK_FULL]: "stack table full",
  [LossCause.MISSED]: "probe re-entered itself",
  [LossCause.CRASH]: "gone with the runner",
  [LossCause.DAMAGED]: "damaged on the host's disk",
  [LossCause.UNSEEN]: "happened while the kernel ran no probes",
};

export function causeText(cause: LossCause): string {
  return CAUSES[cause];
}

export interface Gap {
  readonly host: string;
  readonly cause: string;
  readonly events: bigint;
  readonly fromSecond: number;
  readonly toSecond: number;
}

/** When each loss was noticed, on the wall clock of the timeline. */
export function gaps(runs: readonly RunState[]): Gap[] {
  return runs.flatMap((run) => {
    const second = (boot: bigint): number => Number(run.wallNs + (boot - run.bootNs)) / 1e9;
    return (run.ledger?.lost ?? [])
      .filter((loss) => loss.events > 0n)
      .map((loss) => ({
        host: run.host,
        cause: causeText(loss.cause),
        events: loss.events,
        fromSecond: second(loss.firstBootNs),
        toSecond: second(loss.lastBootNs),
      }));
  });
}
