import { Select } from "@mantine/core";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { clockSeconds } from "../../../format/clock";
import { bytes } from "../../../format/numbers";
import { gaps } from "../../../stream/losses";
import { useHotkeys } from "../../../ui/hotkeys";
import { useConsumer } from "../../consume";
import { NoRows } from "../../no-rows";
import view from "../../view.module.css";
import type { ViewProps } from "../../view-props";
import { Controls } from "./controls";
import { Deck, type DeckStatus } from "./deck";
import { marksOf } from "./marks";
import { Scrubber } from "./scrubber";
import type { Size } from "./screen";
import { type Reel, Tapes } from "./tape";
import classes from "./terminal.module.css";
import { typedBefore } from "./typed";

/** What a terminal showed: live, or at any moment of the session. */
export function TerminalView({ session, stream }: ViewProps) {
  const make = useCallback(() => new Tapes(stream.columns, (run) => session.run(run)), [session, stream]);
  const tapes = useConsumer({ session, stream }, make);
  const [chosen, choose] = useState<string | null>(null);
  if (tapes === null) return null;
  const reels = tapes.list;
  const reel = reels.find(({ key }) => key === chosen) ?? reels[0];
  if (reel === undefined) return <NoRows session={session} waiting="The screen appears as soon as something is written to the terminal." />;
  const runs = session.snapshot().state?.runs ?? [];
  const nameOf = ({ label, run }: Reel): string => (runs.length > 1 ? `${label} on ${runs[run]?.host ?? ""}` : label);
  return (
    <div className={view.view} data-testid="view-terminal">
      {reels.length > 1 && (
        <div className={view.tools}>
          <Select
            aria-label="Terminal"
            data={reels.map((each) => ({ value: each.key, label: nameOf(each) }))}
            value={reel.key}
            onChange={choose}
          />
        </div>
      )}
      <Play key={reel.key} reel={reel} name={nameOf(reel)} session={session} />
    </div>
  );
}

const USUAL: Size = { columns: 80, rows: 24 };
const START: DeckStatus = { mode: "end", at: 0, busy: true, size: USUAL };
/** How much of the tape passes before the figures change. */
const FIGURES_MS = 100;

function Play({ reel, name, session }: { reel: Reel; name: string; session: ViewProps["session"] }) {
  const layer = useRef<HTMLDivElement>(null);
  const cursor = useRef<HTMLDivElement>(null);
  const deck = useRef<Deck | null>(null);
  const [status, setStatus] = useState(START);
  const [size, setSize] = useState(USUAL);

  useEffect(() => {
    if (layer.current === null || cursor.current === null) return;
    layer.current.replaceChildren();
    const made = new Deck(reel, size, layer.current, cursor.current, (next) => setStatus((last) => (differs(last, next) ? next : last)));
    deck.current = made;
    const leave = session.onFrame(() => made.ask());
    return () => {
      leave();
      made.dispose();
      deck.current = null;
    };
  }, [reel, session, size]);

  const act = useCallback((change: (on: Deck) => void): void => {
    if (deck.current === null) return;
    change(deck.current);
    deck.current.ask();
  }, []);
  const seek = (at: number): void => act((on) => on.player.seek(at));
  const runs = session.snapshot().state?.runs ?? [];
  const run = runs[reel.run];
  const marks = marksOf(reel, run === undefined ? [] : gaps([run]), session.snapshot().skippedRows);
  const toggle = useCallback(() => act(({ player }) => (player.mode === "playing" ? player.pause() : player.play())), [act]);
  useHotkeys(useMemo(() => ({ " ": toggle }), [toggle]));
  const past = marks.filter(({ at }) => at <= status.at);
  const typed = typedBefore(reel, status.at);
  const ended = session.snapshot().state?.state === "ended";
  return (
    <>
      <Controls
        status={status}
        reel={reel}
        ended={ended}
        toggle={toggle}
        act={(change) => act(({ player }) => change(player))}
        size={reel.sized ? null : size}
        setSize={setSize}
      />
      <Scrubber reel={reel} at={status.at} marks={marks} seek={seek} />
      <div className={classes.stage} tabIndex={0} role="region" aria-label={`Screen of ${name} at ${clockSeconds(status.at / 1000)}`}>
        <div className={classes.screen} data-testid="terminal-screen" data-busy={status.busy || undefined}>
          <div ref={layer} className={classes.lines} style={{ width: `${status.size.columns}ch` }} />
          <div ref={cursor} className={classes.cursor} aria-hidden="true" />
        </div>
      </div>
      <div className={classes.foot}>
        <span>
          {name}, {status.size.columns} × {status.size.rows}, {bytes(reel.bytes)} kept
        </span>
        {typed !== "" && (
          <span data-testid="terminal-typed">
            typed: <bdi>{typed}</bdi>
          </span>
        )}
        {past.length > 0 && (
          <span className={classes.warning} role="status" data-testid="terminal-marks">
            The screen may be wrong from here on: {past.at(-1)?.text}
            {past.length > 1 ? ` (and ${past.length - 1} before)` : ""}
          </span>
        )}
      </div>
    </>
  );
}

function differs(last: DeckStatus, next: DeckStatus): boolean {
  return (
    last.mode !== next.mode ||
    last.busy !== next.busy ||
    last.size.columns !== next.size.columns ||
    last.size.rows !== next.size.rows ||
    Math.abs(last.at - next.at) >= FIGURES_MS ||
    (next.mode !== "playing" && last.at !== next.at)
  );
}
