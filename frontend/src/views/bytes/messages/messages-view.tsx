import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useCallback, useMemo, useRef, useState } from "react";
import { clockSeconds } from "../../../format/clock";
import { bytes, compact, count } from "../../../format/numbers";
import { useHotkeys } from "../../../ui/hotkeys";
import { IconChevronDown, IconChevronUp } from "../../../ui/icons";
import { Empty } from "../../../ui/parts";
import { useConsumer } from "../../consume";
import { NoRows } from "../../no-rows";
import view from "../../view.module.css";
import type { ViewProps } from "../../view-props";
import { likenessOf } from "../columns";
import { MessageList } from "./message-list";
import type { Reading } from "./message-part";
import classes from "./messages.module.css";
import { type Conversation, Conversations, finder, type Message } from "./transform";

/** What programs said to each other: conversations on one side, the messages of one of them on the other. */
export function MessagesView({ session, stream }: ViewProps) {
  const make = useCallback(() => new Conversations(stream.columns, (run) => session.run(run)), [session, stream]);
  const conversations = useConsumer({ session, stream }, make);
  const [chosen, choose] = useState<string | null>(null);
  const [reading, setReading] = useState<Reading>(() => (likenessOf(stream.columns) === "conversation" ? "auto" : "hex"));
  const [search, setSearch] = useState("");
  const [hit, setHit] = useState<Message | null>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  useHotkeys(useMemo(() => ({ "/": () => searchBox.current?.focus() }), []));
  const find = useMemo(() => finder(search), [search]);
  if (conversations === null) return null;
  const list = conversations.list;
  const shown = list.find(({ key }) => key === chosen) ?? list[0];
  const hits = find === null ? [] : list.flatMap((conversation) => conversation.messages.filter(find));
  const go = (step: 1 | -1): void => {
    const at = hit === null ? -1 : hits.findIndex(({ id }) => id === hit.id);
    const next = hits[(at + step + hits.length) % hits.length] ?? hits[0];
    if (next === undefined) return;
    choose(next.conversation.key);
    setHit(next);
  };
  return (
    <div className={view.view} data-testid="view-messages">
      <div className={view.tools}>
        <TextInput
          ref={searchBox}
          className={view.search ?? ""}
          placeholder="Search in messages ( / )"
          aria-label="Search in messages"
          data-testid="messages-search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
          }}
        />
        {find !== null && <Hits hits={hits} at={hit} go={go} />}
        <SegmentedControl
          aria-label="Show messages as"
          value={reading}
          onChange={(value) => setReading(value)}
          data={[
            { value: "auto", label: "As it fits" },
            { value: "text", label: "Text" },
            { value: "hex", label: "Hex" },
          ]}
        />
        <Kept conversations={conversations} skipped={session.snapshot().skippedRows} />
      </div>
      {shown === undefined ? (
        <NoRows session={session} waiting="Messages appear here as soon as something is read or written." />
      ) : (
        <div className={classes.body} data-single={list.length === 1 || undefined}>
          {list.length > 1 && (
            <ConversationList
              list={list}
              shown={shown}
              choose={choose}
              find={find}
              hostOf={(run) => session.run(run)?.host ?? ""}
            />
          )}
          <MessageList key={shown.key} conversation={shown} reading={reading} search={search} hit={hit} />
        </div>
      )}
    </div>
  );
}

function Hits({ hits, at, go }: { hits: readonly Message[]; at: Message | null; go: (step: 1 | -1) => void }) {
  const place = at === null ? -1 : hits.findIndex(({ id }) => id === at.id);
  const none = hits.length === 0;
  return (
    <span className={classes.hits} role="status" data-testid="messages-hits">
      {none ? "not found" : place < 0 ? `${count(hits.length)} found` : `${place + 1} of ${count(hits.length)}`}
      <Button variant="default" aria-label="Previous" disabled={none} onClick={() => go(-1)}>
        <IconChevronUp size={14} />
      </Button>
      <Button variant="default" aria-label="Next" disabled={none} onClick={() => go(1)}>
        <IconChevronDown size={14} />
      </Button>
    </span>
  );
}

function Kept({ conversations, skipped }: { conversations: Conversations; skipped: number }) {
  const { messages, dropped } = conversations;
  if (dropped + skipped === 0) return <span className={view.status}>{count(messages)} messages</span>;
  return (
    <span
      className={view.status}
      title={`${count(dropped)} older messages let go, ${count(skipped)} rows skipped because this browser was slow. All are stored: export has them.`}
    >
      {count(messages)} of {count(messages + dropped + skipped)} messages; all stored
    </span>
  );
}

interface ConversationListProps {
  list: readonly Conversation[];
  shown: Conversation;
  choose: (key: string) => void;
  find: ((message: Message) => boolean) | null;
  hostOf: (run: number) => string;
}

function ConversationList({ list, shown, choose, find, hostOf }: ConversationListProps) {
  const several = new Set(list.map(({ run }) => run)).size > 1;
  const found = find === null ? list : list.filter((conversation) => conversation.messages.some(find));
  return (
    <nav className={classes.list} aria-label="Conversations">
      {found.length === 0 && <Empty title="In no conversation" />}
      {found.map((conversation) => (
        <button
          key={conversation.key}
          type="button"
          className={classes.conversation}
          aria-current={conversation === shown}
          data-testid="conversation"
          onClick={() => choose(conversation.key)}
        >
          <span className={classes.who}>
            {conversation.labels.map((label, place) => (
              <span key={place}>{label}</span>
            ))}
            {several && <span>{hostOf(conversation.run)}</span>}
          </span>
          <span className={classes.figures}>
            {compact(conversation.messages.length + conversation.dropped)} × · <span data-direction="in">in {bytes(conversation.bytesIn)}</span>{" "}
            · <span data-direction="out">out {bytes(conversation.bytesOut)}</span>
          </span>
          <span className={classes.figures}>
            {clockSeconds(Number(conversation.firstNs / 1_000_000_000n))} to {clockSeconds(Number(conversation.lastNs / 1_000_000_000n))}
          </span>
        </button>
      ))}
    </nav>
  );
}
