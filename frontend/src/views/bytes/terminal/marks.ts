import { clockSeconds } from "../../../format/clock";
import { count } from "../../../format/numbers";
import type { Gap } from "../../../stream/losses";
import type { Reel } from "./tape";

/** Where what is shown is not all there was. */
export interface Mark {
  readonly at: number;
  readonly text: string;
}

export function marksOf(reel: Reel, gaps: readonly Gap[], skippedRows: number): Mark[] {
  const marks = reel.cuts.map(({ at, missing }) => ({ at, text: `${count(missing)} bytes cut at ${clock(at)}` }));
  for (const gap of gaps) {
    const at = gap.fromSecond * 1000;
    marks.push({ at, text: `${count(gap.events)} writes lost about ${clock(at)}: ${gap.cause}` });
  }
  if (skippedRows > 0) marks.push({ at: reel.firstAt, text: `this browser skipped ${count(skippedRows)} writes; reload to have them` });
  if (reel.dropped > 0) marks.push({ at: reel.firstAt, text: `${count(reel.dropped)} older writes let go; export has them` });
  return marks.sort((a, b) => a.at - b.at);
}

function clock(ms: number): string {
  return clockSeconds(Math.floor(ms / 1000));
}
