import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { queryRows } from "../../api/tracing";
import { Kind } from "../../gen/proto/v1/tool_pb";
import { chunkOfAnswer, type RunOfHost } from "../../stream/answer";
import type { Chunk } from "../../stream/chunk";
import type { ViewProps } from "../view-props";

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

export interface Sorted {
  /** Null while nothing is sorted, or nothing has come yet. */
  readonly chunks: readonly Chunk[] | null;
  readonly rows: number;
  readonly error: Error | null;
  /** More rows than these can be had. */
  readonly more: boolean;
  readonly readMore: () => void;
}

/** Rows read at once; fewer where one may be 32 KiB. */
const PAGE = 1000;
const PAGE_OF_BYTES = 200;
/** The server's own bound. */
const DEEPEST = 100_000;

/** All stored rows of an ended session in another order, a page at a time, sorted by the server. */
export function useSorted({ session, stream }: ViewProps, sort: Sort | null): Sorted {
  const page = stream.kind === Kind.BYTES ? PAGE_OF_BYTES : PAGE;
  const query = useInfiniteQuery({
    queryKey: ["sessions", "sorted", session.id, stream.name, sort],
    enabled: sort !== null,
    initialPageParam: 0,
    gcTime: 0,
    queryFn: async ({ pageParam }) => {
      const order = sort === null ? [] : [{ by: sort.column, descending: sort.descending }];
      const columns = ["host", ...stream.columns.map(({ name }) => name)];
      const { rows } = await queryRows(session.id, {
        stream: stream.name,
        columns,
        order,
        limit: page,
        offset: pageParam,
      });
      return chunkOfAnswer(stream.columns, rows, (host) => runOf(session, host));
    },
    getNextPageParam: (last, pages) => (last.rows === page && pages.length * page < DEEPEST ? pages.length * page : undefined),
  });
  const chunks = query.data?.pages ?? null;
  return useMemo(
    () => ({
      chunks: sort === null ? null : chunks,
      rows: chunks?.reduce((sum, chunk) => sum + chunk.rows, 0) ?? 0,
      error: query.error,
      more: query.hasNextPage,
      readMore: () => {
        if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
      },
    }),
    [sort, chunks, query],
  );
}

function runOf(session: ViewProps["session"], host: string): RunOfHost {
  const runs = session.snapshot().state?.runs ?? [];
  const index = runs.findIndex((run) => run.host === host);
  return { index: Math.max(0, index), bootNs: runs[index]?.bootNs ?? 0n, wallNs: runs[index]?.wallNs ?? 0n };
}
