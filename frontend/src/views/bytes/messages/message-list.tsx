import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { count } from "../../../format/numbers";
import { MessagePart, type Reading } from "./message-part";
import classes from "./messages.module.css";
import type { Conversation, Message } from "./transform";

/** Messages drawn at once. */
const PAGE = 200;
/** A reader this close to the end, in pixels, follows what arrives. */
const NEAR_END = 40;

interface Props {
  conversation: Conversation;
  reading: Reading;
  search: string;
  hit: Message | null;
}

/** One conversation, newest at the bottom. It follows what arrives until the reader scrolls up. */
export function MessageList({ conversation, reading, search, hit }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  // The id of the first message on screen; null: the newest page.
  const [from, setFrom] = useState<number | null>(null);
  const { messages } = conversation;
  const last = Math.max(0, messages.length - PAGE);
  const start = from === null ? last : Math.min(last, Math.max(0, messages.findIndex(({ id }) => id >= from)));
  const shown = messages.slice(start, start + PAGE);
  const newest = shown.at(-1)?.id;
  const goTo = (place: number): void => setFrom(messages[Math.max(0, place)]?.id ?? null);

  useEffect(() => {
    const element = scroller.current;
    if (element !== null && following.current && from === null) element.scrollTop = element.scrollHeight;
  }, [newest, from]);

  useEffect(() => {
    if (hit === null || hit.conversation !== conversation) return;
    const place = messages.findIndex(({ id }) => id === hit.id);
    following.current = false;
    if (place < start || place >= start + PAGE) setFrom(messages[Math.max(0, place - PAGE / 2)]?.id ?? null);
    const frame = requestAnimationFrame(() => {
      scroller.current?.querySelector(`[data-message="${hit.id}"]`)?.scrollIntoView({ block: "center" });
    });
    return () => cancelAnimationFrame(frame);
    // A message that was found is gone to once, not again for each that arrives.
  }, [hit]); // eslint-disable-line react-hooks/exhaustive-deps

  return (
    <div
      ref={scroller}
      className={classes.messages}
      tabIndex={0}
      role="log"
      aria-label="Messages"
      aria-live="off"
      data-testid="messages"
      onScroll={({ currentTarget: element }) => {
        following.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
      }}
    >
      {conversation.dropped > 0 && start === 0 && (
        <p className={classes.note}>{count(conversation.dropped)} older messages are not in this browser any more; export has them.</p>
      )}
      {start > 0 && (
        <Button variant="default" onClick={() => goTo(start - PAGE / 2)}>
          {count(start)} earlier
        </Button>
      )}
      {shown.map((message) => (
        <MessagePart key={message.id} message={message} reading={reading} search={search} current={hit?.id === message.id} />
      ))}
      {start < last && (
        <Button variant="default" onClick={() => (start + PAGE / 2 >= last ? setFrom(null) : goTo(start + PAGE / 2))}>
          {count(messages.length - start - shown.length)} later
        </Button>
      )}
    </div>
  );
}
