import type { TimeRange } from "../../stream/range";
import type { TimelineBin } from "./timeline-bins";

/** What two bins and all between them mark, whichever comes first. */
export function spanOf(one: TimelineBin, other: TimelineBin): TimeRange {
  return { from: Math.min(one.from, other.from), to: Math.max(one.to, other.to) };
}

/**
 * The mark after a key: arrows move it by a bin, with Shift they move its end, Escape takes it away. The first arrow marks the
 * newest bin. Undefined: the key means nothing here.
 */
export function markedByKey(key: string, shift: boolean, marked: TimeRange | null, bins: readonly TimelineBin[]): TimeRange | null | undefined {
  const [first, last] = [bins[0], bins[bins.length - 1]];
  if (key === "Escape") return marked === null ? undefined : null;
  if ((key !== "ArrowLeft" && key !== "ArrowRight") || first === undefined || last === undefined) return undefined;
  if (marked === null) return spanOf(last, last);
  const step = (last.to - last.from) * (key === "ArrowLeft" ? -1 : 1);
  const from = shift ? marked.from : marked.from + step;
  const to = marked.to + step;
  return to <= from || from < first.from || to > last.to ? marked : { from, to };
}
