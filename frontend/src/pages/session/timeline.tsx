import { type MouseEvent, useRef, useState } from "react";
import { clockSeconds } from "../../format/clock";
import { compact, count } from "../../format/numbers";
import type { RunState } from "../../gen/proto/v1/live_pb";
import { type Gap, gaps } from "../../stream/losses";
import type { SessionStream } from "../../stream/session";
import { seriesToken, type Surface, useCanvas } from "../../ui/canvas";
import { useFrame } from "../../ui/use-frame";
import classes from "./session.module.css";
import { type TimelineBin, timelineBins } from "./timeline-bins";

const BAR = 3;
/** Room for the scale, left of the bars. */
const LEFT = 84;
const TOP = 6;

/** Rows a second by host, with every counted loss marked where it was noticed. */
export function Timeline({ session, runs }: { session: SessionStream; runs: readonly RunState[] }) {
  useFrame(session, 250);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<{ x: number; bin: TimelineBin } | null>(null);
  const marks = gaps(runs);
  const drawn = useRef<readonly TimelineBin[]>([]);
  useCanvas(canvas, (surface) => {
    drawn.current = timelineBins(session.rates, Math.floor((surface.width - LEFT) / BAR));
    paint(surface, drawn.current, marks, runs.length);
  });
  const onMove = (event: MouseEvent<HTMLCanvasElement>): void => {
    const x = event.nativeEvent.offsetX;
    const bin = drawn.current[Math.floor((x - LEFT) / BAR)];
    setHover(bin === undefined ? null : { x, bin });
  };
  return (
    <div className={classes.timeline}>
      <canvas ref={canvas} onMouseMove={onMove} onMouseLeave={() => setHover(null)} role="img" aria-label={describe(marks)} />
      {hover !== null && (
        <span className={classes.tip} style={hover.x > 300 ? { right: `calc(100% - ${hover.x - 8}px)` } : { left: hover.x + 8 }}>
          {clockSeconds(hover.bin.from)} · {compact(hover.bin.rate)} rows/s{gapText(hover.bin, marks)}
        </span>
      )}
    </div>
  );
}

function describe(marks: readonly Gap[]): string {
  return marks.length === 0 ? "Rows per second; no gaps" : `Rows per second; gaps: ${marks.map(gapLine).join("; ")}`;
}

function gapLine(gap: Gap): string {
  return `${count(gap.events)} lost on ${gap.host}, ${gap.cause}`;
}

function gapText(bin: TimelineBin, marks: readonly Gap[]): string {
  const here = marks.filter((gap) => gap.fromSecond < bin.to && gap.toSecond >= bin.from);
  return here.map((gap) => ` · ${gapLine(gap)}`).join("");
}

function paint(surface: Surface, bins: readonly TimelineBin[], marks: readonly Gap[], runs: number): void {
  const { context, height, width, color } = surface;
  const highest = Math.max(1, ...bins.map((bin) => bin.rate));
  context.strokeStyle = color("graticule");
  context.beginPath();
  for (let x = LEFT - 0.5; x < width; x += BAR * 20) context.rect(x, 0, 0.01, height);
  context.stroke();
  bins.forEach((bin, place) => {
    let y = height;
    for (let run = 0; run < runs; run++) {
      const share = ((bin.byRun[run] ?? 0) / highest) * (height - TOP);
      if (share <= 0) continue;
      context.fillStyle = color(seriesToken(run));
      context.fillRect(LEFT + place * BAR, y - share, BAR - 1, share);
      y -= share;
    }
  });
  paintGaps(surface, bins, marks);
  context.fillStyle = color("ink-3");
  context.font = "10px IBM Plex Mono, monospace";
  context.textAlign = "right";
  context.fillText(`${compact(highest)} rows/s`, LEFT - 8, 12);
  context.fillText("0", LEFT - 8, height - 4);
}

function paintGaps({ context, height, color }: Surface, bins: readonly TimelineBin[], marks: readonly Gap[]): void {
  context.fillStyle = color("bad");
  bins.forEach((bin, place) => {
    if (marks.some((gap) => gap.fromSecond < bin.to && gap.toSecond >= bin.from)) {
      context.fillRect(LEFT + place * BAR, 0, BAR - 1, 4);
      context.globalAlpha = 0.25;
      context.fillRect(LEFT + place * BAR, 4, BAR - 1, height - 4);
      context.globalAlpha = 1;
    }
  });
}
