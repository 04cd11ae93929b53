import { Button, SegmentedControl, Select, Switch } from "@mantine/core";
import { useState } from "react";
import { clockSeconds } from "../../../format/clock";
import { IconPlayerPause, IconPlayerPlay, IconPlayerTrackNext } from "../../../ui/icons";
import view from "../../view.module.css";
import type { DeckStatus } from "./deck";
import type { Player } from "./player";
import type { Size } from "./screen";
import type { Reel } from "./tape";

interface Props {
  status: DeckStatus;
  reel: Reel;
  ended: boolean;
  toggle: () => void;
  act: (change: (player: Player) => void) => void;
  /** Null where the session itself knows the size. */
  size: Size | null;
  setSize: (size: Size) => void;
}

const SPEEDS = [0.5, 1, 2, 4, 16];
const SIZES: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 100, rows: 30 },
  { columns: 120, rows: 40 },
  { columns: 160, rows: 50 },
  { columns: 200, rows: 60 },
];

export function Controls({ status, reel, ended, toggle, act, size, setSize }: Props) {
  const [speed, setSpeed] = useState("1");
  const [skip, setSkip] = useState(true);
  const playing = status.mode === "playing";
  const atEnd = status.mode === "end";
  return (
    <div className={view.tools}>
      <Button
        variant="default"
        leftSection={playing ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
        onClick={toggle}
        data-testid="terminal-play"
      >
        {playing ? "Pause" : atEnd ? "Replay" : "Play"}
      </Button>
      <Button
        variant={atEnd && !ended ? "light" : "default"}
        leftSection={<IconPlayerTrackNext size={14} />}
        disabled={atEnd}
        onClick={() => act((player) => player.follow())}
        data-testid="terminal-live"
      >
        {ended ? "To the end" : atEnd ? "Live" : "Go live"}
      </Button>
      <SegmentedControl
        aria-label="Speed"
        value={speed}
        onChange={(value) => {
          setSpeed(value);
          act((player) => (player.speed = Number(value)));
        }}
        data={SPEEDS.map((times) => ({ value: String(times), label: `${times}×` }))}
      />
      <Switch
        label="Skip pauses"
        checked={skip}
        onChange={({ currentTarget: { checked } }) => {
          setSkip(checked);
          act((player) => (player.skipPauses = checked));
        }}
      />
      {size !== null && (
        <Select
          aria-label="Size of the screen"
          w={110}
          data={SIZES.map(({ columns, rows }) => `${columns} × ${rows}`)}
          value={`${size.columns} × ${size.rows}`}
          onChange={(text) => setSize(SIZES.find(({ columns, rows }) => text === `${columns} × ${rows}`) ?? size)}
        />
      )}
      <span className={view.status} data-testid="terminal-time">
        {clockSeconds(Math.floor(status.at / 1000))} · {elapsed(status.at - reel.firstAt)} of {elapsed(reel.lastAt - reel.firstAt)}
      </span>
    </div>
  );
}

function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const pad = (value: number): string => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}
