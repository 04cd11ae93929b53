import type { BooksState } from "../../api/tracing";
import type { RunState } from "../../gen/proto/v1/live_pb";
import { causeText } from "../../stream/losses";
import type { Tone } from "../../ui/parts";

/** Worst first: what a session of several runs is called. */
const ORDER: readonly BooksState[] = ["broken", "unknown", "lossy", "blind", "limited", "in-flight", "complete"];

export const BOOKS: Record<BooksState, { tone: Tone; text: string; help: string }> = {
  "in-flight": { tone: "live", text: "in flight", help: "The books close when the session ends." },
  complete: { tone: "ok", text: "complete", help: "Every event that the kernel saw is stored." },
  limited: { tone: "info", text: "limited", help: "Events were left out only by the limits that were asked for." },
  blind: {
    tone: "info",
    text: "blind spots",
    help: "All that was seen is stored, but for some time the host's kernel ran no probes: what happened then is not counted.",
  },
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

export interface LedgerLine {
  readonly host: string;
  readonly seen: bigint;
  readonly stored: bigint;
  readonly lost: readonly { readonly cause: string; readonly events: bigint }[];
  readonly message: string;
}

/** Values of rows from which hosts took secrets, by kind. */
export function redactedKinds(runs: readonly RunState[]): [string, bigint][] {
  const kinds = new Map<string, bigint>();
  for (const { kind, values } of runs.flatMap((run) => run.ledger?.redacted ?? [])) kinds.set(kind, (kinds.get(kind) ?? 0n) + values);
  return [...kinds].sort(([one], [other]) => one.localeCompare(other));
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
