import { type QueryClient, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Conditions, queryRows } from "../../api/tracing";
import { type Column, Kind } from "../../gen/proto/v1/tool_pb";
import { chunkOfAnswer } from "../../stream/answer";
import type { Chunk } from "../../stream/chunk";
import { rangeFilters } from "../../stream/range";
import { runOfHost } from "../stored";
import type { ViewProps } from "../view-props";
import { gridConditions } from "./conditions";

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** Which of the stored rows, and in what order; a sort of null is the order in which they were stored. */
export interface Wanted {
  readonly sort: Sort | null;
  readonly search: string;
  readonly filters: Readonly<Record<string, string>>;
}

export interface StoredRows {
  /** Null while nothing is asked, or nothing has come yet. */
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

/** Stored rows, found and sorted by the server, a page at a time. Null: what arrives is shown instead. */
export function useStoredRows({ session, stream, range }: ViewProps, wanted: Wanted | null): StoredRows {
  const page = stream.kind === Kind.BYTES ? PAGE_OF_BYTES : PAGE;
  const client = useQueryClient();
  const query = useInfiniteQuery({
    queryKey: ["sessions", "rows", session.id, stream.name, range, wanted],
    enabled: wanted !== null,
    initialPageParam: 0,
    gcTime: 0,
    queryFn: async ({ pageParam, signal }) => {
      const { sort, ...texts } = wanted ?? { sort: null, search: "", filters: {} };
      const conditions = await conditionsOf({ session, stream, range }, texts, client);
      const columns = ["host", ...stream.columns.map(({ name }) => name)];
      const order = sort === null ? [] : [{ by: sort.column, descending: sort.descending }];
      const { rows } = await queryRows(session.id, { stream: stream.name, ...conditions, columns, order, limit: page, offset: pageParam }, signal);
      return chunkOfAnswer(stream.columns, rows, runOfHost(session));
    },
    getNextPageParam: (last, pages) => (last.rows === page && pages.length * page < DEEPEST ? pages.length * page : undefined),
  });
  const chunks = query.data?.pages ?? null;
  return useMemo(
    () => ({
      chunks: wanted === null ? null : chunks,
      rows: chunks?.reduce((sum, chunk) => sum + chunk.rows, 0) ?? 0,
      error: wanted === null ? null : query.error,
      more: chunks?.at(-1)?.rows === page,
      readMore: () => {
        if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
      },
    }),
    [wanted, chunks, query, page],
  );
}

/** What the marked time, the search and the filters ask of the store. */
export async function conditionsOf(
  { session, stream, range }: Pick<ViewProps, "session" | "stream" | "range">,
  { search, filters }: Pick<Wanted, "search" | "filters">,
  client: QueryClient,
): Promise<Conditions> {
  const valuesOf = (column: Column): Promise<readonly number[]> =>
    client.query({
      queryKey: ["sessions", "values", session.id, stream.name, column.name],
      staleTime: 60_000,
      queryFn: async () => {
        const { rows } = await queryRows(session.id, { stream: stream.name, group_by: [{ column: column.name }], limit: 10_000 });
        return rows.map(([value]) => Number(value));
      },
    });
  const own = await gridConditions(stream.columns, search, filters, valuesOf);
  return { ...own, filters: [...rangeFilters(range, stream.columns), ...own.filters] };
}
