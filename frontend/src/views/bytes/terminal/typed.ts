import { escapeBytes, visible } from "../../../format/bytes-text";
import type { Reel } from "./tape";

const SHOWN = 80;
const LOOKED_AT = 500;

/** The last keys that went into the terminal before a moment, spelled out. */
export function typedBefore(reel: Reel, at: number): string {
  let text = "";
  const end = reel.indexAfter(at);
  for (let index = end - 1; index >= Math.max(reel.dropped, end - LOOKED_AT) && text.length < SHOWN; index--) {
    const event = reel.event(index);
    if (event?.direction === "in") text = visible(escapeBytes(event.data)) + text;
  }
  return text.slice(-SHOWN);
}
