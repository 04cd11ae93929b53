import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Answer, queryRows, type Session } from "../../api/tracing";
import { Rates } from "../../stream/rates";
import type { SessionSnapshot, SessionStream } from "../../stream/session";
import { runOfHost } from "../../views/stored";
import { MOST_GROUPS, timeOf } from "../../views/sums";

/** Rows by second: as they came, or of an ended session that this browser has not read as a whole, as the store has them. */
export function useRates(session: Session, stream: SessionStream, snapshot: SessionSnapshot): Rates {
  const asked = snapshot.state?.state === "ended" && snapshot.skippedRows > 0;
  const hosts = Math.max(1, snapshot.state?.runs.length ?? 1);
  const from = new Date(session.created_at).getTime() / 1000;
  const to = session.ended_at === null ? (stream.rates.span?.last ?? from) : new Date(session.ended_at).getTime() / 1000;
  const width = Math.max(1, Math.ceil(((to - from) * hosts) / MOST_GROUPS));
  const answers = useQueries({
    queries: snapshot.streams.map(({ name, columns }) => ({
      queryKey: ["sessions", "rates", session.id, name, width],
      enabled: asked && timeOf(columns) !== undefined,
      staleTime: Infinity,
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        queryRows(
          session.id,
          { stream: name, group_by: [{ column: timeOf(columns) ?? "", width: width * 1e9 }, { column: "host" }], limit: MOST_GROUPS },
          signal,
        ),
    })),
    combine: (results) => results.flatMap(({ data }) => (data === undefined ? [] : [data])),
  });
  const stored = useMemo(() => ratesOf(answers, runOfHost(stream)), [answers, stream]);
  return asked && answers.length > 0 ? stored : stream.rates;
}

function ratesOf(answers: readonly Answer[], runOf: ReturnType<typeof runOfHost>): Rates {
  const rates = new Rates(Infinity);
  for (const { rows } of answers) for (const [time, host, count] of rows) rates.add(runOf(String(host)).index, BigInt(String(time)), Number(count));
  return rates;
}
