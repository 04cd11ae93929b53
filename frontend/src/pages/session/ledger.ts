import type { BooksState } from "../../api/tracing";
import { LossCause } from "../../gen/proto/v1/stream_pb";
import type { RunState } from "../../gen/proto/v1/live_pb";
import type { Tone } from "../../ui/parts";

/** Worst first: what a session of several runs is called. */
const ORDER: readonly BooksState[] = ["broken", "unknown", "lossy", "limited", "in-flight", "complete"];

export const BOOKS: Record<BooksState, { tone: Tone; text: string; help: string }> = {
  "in-flight": { tone: "live", text: "in flight", help: "The books close when the session ends." },
  complete: { tone: "ok", text: "complete", help: "Every event that the kernel saw is stored." },
  limited: { tone: "info", text: "limited", help: "Events were left out only by the limits that were asked for." },
  lossy: { tone: "warn", text: "lossy", help: "Some events were lost; how many, where and when is known." },
  broken: { tone: "bad", text: "books broken", help: "Stored rows and counters do not agree: do not trust this session." },
  unknown: {
    tone: "warn",
    text: "unknown",
    help: "The counters died with their holders: what happened after the last stored row is not known.",
  },
};

export function worstBooks(states: readonly string[]): BooksState {
  return ORDER.find((state) => states.includes(state)) ?? "in-flight";
}

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
};

export function causeText(cause: LossCause): string {
  return CAUSES[cause];
}

export interface LedgerLine {
  readonly host: string;
  readonly seen: bigint;
  readonly stored: bigint;
  readonly lost: readonly { readonly cause: string; readonly events: bigint }[];
  readonly message: string;
}

export function ledgerLines(runs: readonly RunState[]): LedgerLine[] {
  return runs.map((run) => ({
    host: run.host,
    seen: run.ledger?.seen ?? 0n,
    stored: run.ledger?.stored ?? 0n,
    lost: (run.ledger?.lost ?? [])
      .filter((loss) => loss.events > 0n)
      .map((loss) => ({ cause: causeText(loss.cause), events: loss.events })),
    message: run.booksMessage,
  }));
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
