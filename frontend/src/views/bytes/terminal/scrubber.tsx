import { useRef } from "react";
import { clockSeconds } from "../../../format/clock";
import { type Surface, useCanvas } from "../../../ui/canvas";
import type { Mark } from "./marks";
import type { Reel } from "./tape";
import classes from "./terminal.module.css";

interface Props {
  reel: Reel;
  at: number;
  marks: readonly Mark[];
  seek: (at: number) => void;
}

/** When how much was written, what is missing, and where the reader is: a slider over a chart. */
export function Scrubber({ reel, at, marks, seek }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const length = Math.max(1, reel.lastAt - reel.firstAt);
  const place = Math.max(0, Math.min(1, (at - reel.firstAt) / length));
  useCanvas(canvas, (surface) => paint(surface, reel, length, marks, place));
  return (
    <div className={classes.scrubber}>
      <canvas ref={canvas} aria-hidden="true" />
      <input
        type="range"
        aria-label="Moment shown"
        aria-valuetext={clockSeconds(Math.floor(at / 1000))}
        data-testid="terminal-scrubber"
        min={0}
        max={length}
        step={Math.max(1, Math.min(1000, Math.round(length / 200)))}
        value={place * length}
        onChange={(event) => seek(reel.firstAt + Number(event.currentTarget.value))}
      />
      <ul className={classes.marks}>
        {marks.slice(0, MARKS).map((mark) => (
          <li key={`${mark.at} ${mark.text}`} style={{ left: `${Math.max(0, Math.min(1, (mark.at - reel.firstAt) / length)) * 100}%` }}>
            <button type="button" title={mark.text} aria-label={`Go to: ${mark.text}`} onClick={() => seek(mark.at)} data-testid="terminal-mark" />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** More than can be told apart is left to the text below the screen. */
const MARKS = 200;
const BAR = 3;

function paint({ context, width, height, color }: Surface, reel: Reel, length: number, marks: readonly Mark[], place: number): void {
  const bins = new Float64Array(Math.max(1, Math.floor(width / BAR)));
  const binOf = (time: number): number => Math.max(0, Math.min(bins.length - 1, Math.floor(((time - reel.firstAt) / length) * bins.length)));
  for (const event of reel.events) bins[binOf(event.at)] = (bins[binOf(event.at)] ?? 0) + event.data.length;
  const highest = Math.log2(1 + Math.max(...bins));
  context.fillStyle = color("accent");
  bins.forEach((written, bin) => {
    if (written > 0) context.fillRect(bin * BAR, height, BAR - 1, -Math.max(2, (Math.log2(1 + written) / highest) * (height - 8)));
  });
  context.fillStyle = color("bad");
  for (const mark of marks) context.fillRect(binOf(mark.at) * BAR, 0, BAR - 1, height);
  context.fillStyle = color("ink");
  context.fillRect(Math.min(width - 2, place * width), 0, 2, height);
}
