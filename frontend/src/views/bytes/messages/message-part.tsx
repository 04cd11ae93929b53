import { memo, useState } from "react";
import { rfc3339, timeOfDay } from "../../../format/clock";
import { bytes, count, nanoseconds } from "../../../format/numbers";
import { hexDump, looksBinary, type Piece, piecesOf, plainText } from "../text";
import classes from "./messages.module.css";
import type { Message } from "./transform";

export type Reading = "auto" | "text" | "hex";

/** Shown of a message until somebody asks for the rest. */
const PREVIEW = 4096;

interface Props {
  message: Message;
  reading: Reading;
  search: string;
  current: boolean;
}

export const MessagePart = memo(function MessagePart({ message, reading, search, current }: Props) {
  const [own, setOwn] = useState<"text" | "hex" | null>(null);
  const [whole, setWhole] = useState(false);
  const { data, size, direction } = message;
  const as = own ?? (reading === "auto" ? (looksBinary(data) ? "hex" : "text") : reading);
  const part = whole ? data : data.subarray(0, PREVIEW);
  const pieces = piecesOf(as === "hex" ? hexDump(part) : plainText(part), search);
  return (
    <article
      className={classes.message}
      data-direction={direction}
      data-message={message.id}
      data-current={current || undefined}
      data-testid="message"
      aria-label={`${direction} ${bytes(size)}`}
    >
      <header>
        <strong>{direction === "in" ? "← in" : direction === "out" ? "→ out" : "bytes"}</strong>
        <time title={rfc3339(message.ns)}>{timeOfDay(message.ns)}</time>
        <span title={`${count(size)} bytes`}>{bytes(size)}</span>
        {message.latency !== null && <span title="How long the call took">{nanoseconds(message.latency)}</span>}
        {size > data.length && (
          <span className={classes.cut} data-testid="message-cut">
            cut: {count(size - data.length)} of {count(size)} bytes are not here
          </span>
        )}
        <button type="button" className={classes.toggle} onClick={() => setOwn(as === "hex" ? "text" : "hex")}>
          {as === "hex" ? "text" : "hex"}
        </button>
      </header>
      {size === 0 ? null : (
        <pre className={classes.data} data-as={as} data-testid="message-data">
          {pieces.map(marked)}
        </pre>
      )}
      {part.length < data.length && (
        <button type="button" className={classes.toggle} onClick={() => setWhole(true)}>
          show all {bytes(data.length)}
        </button>
      )}
    </article>
  );
});

function marked({ text, found }: Piece, place: number) {
  return found ? <mark key={place}>{text}</mark> : text;
}
