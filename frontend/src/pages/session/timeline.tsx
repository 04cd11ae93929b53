import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { clockSeconds } from "../../format/clock";
import { compact, count } from "../../format/numbers";
import type { RunState } from "../../gen/proto/v1/live_pb";
import { type Gap, gaps } from "../../stream/losses";
import type { TimeRange } from "../../stream/range";
import type { Rates } from "../../stream/rates";
import type { SessionStream } from "../../stream/session";
import { seriesToken, type Surface, useCanvas } from "../../ui/canvas";
import { useFrame } from "../../ui/use-frame";
import { markedByKey, spanOf } from "./brush";
import classes from "./session.module.css";
import { type TimelineBin, timelineBins } from "./timeline-bins";

const BAR = 3;
/** Room for the scale, left of the bars. */
const LEFT = 84;
const TOP = 6;

interface Props {
  session: SessionStream;
  rates: Rates;
  runs: readonly RunState[];
  range: TimeRange | null;
  mark: (range: TimeRange | null) => void;
}

/** Rows a second by host, with every counted loss marked where it was noticed. Drag over a part of it to see just that. */
export function Timeline({ session, rates, runs, range, mark }: Props) {
  useFrame(session, 250);
  const dragged = useRef<TimelineBin | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState<{ x: number; bin: TimelineBin } | null>(null);
  const marks = gaps(runs);
  const drawn = useRef<readonly TimelineBin[]>([]);
  useCanvas(canvas, (surface) => {
    drawn.current = timelineBins(rates, Math.floor((surface.width - LEFT) / BAR));
    paint(surface, drawn.current, marks, runs.length);
    if (range !== null) paintRange(surface, drawn.current, range);
  });
  const binAt = (x: number): TimelineBin | undefined => drawn.current[Math.floor((x - LEFT) / BAR)];
  const onMove = (event: PointerEvent<HTMLCanvasElement>): void => {
    const x = event.nativeEvent.offsetX;
    const bin = binAt(x);
    setHover(bin === undefined ? null : { x, bin });
    if (dragged.current === null) return;
    // Beyond either end the outermost bin stays the end of the mark.
    const end = bin ?? (x < LEFT ? drawn.current[0] : drawn.current[drawn.current.length - 1]);
    if (end !== undefined && end.from !== dragged.current.from) mark(spanOf(dragged.current, end));
  };
  const onDown = (event: PointerEvent<HTMLCanvasElement>): void => {
    dragged.current = binAt(event.nativeEvent.offsetX) ?? null;
    if (range !== null) mark(null);
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onKey = (event: KeyboardEvent): void => {
    const marked = markedByKey(event.key, event.shiftKey, range, drawn.current);
    if (marked === undefined) return;
    event.preventDefault();
    mark(marked);
  };
  return (
    <div className={classes.timeline}>
      <canvas
        ref={canvas}
        tabIndex={0}
        onPointerMove={onMove}
        onPointerDown={onDown}
        onPointerUp={() => (dragged.current = null)}
        onPointerCancel={() => (dragged.current = null)}
        onMouseLeave={() => setHover(null)}
        onKeyDown={onKey}
        role="application"
        aria-label={`${describe(marks)}. Arrow keys mark a part of the time, with Shift they stretch it, Escape shows all.`}
        data-testid="timeline"
      />
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

/** What is not marked steps back. */
function paintRange({ context, height, width, color }: Surface, bins: readonly TimelineBin[], range: TimeRange): void {
  const before = bins.filter((bin) => bin.to <= range.from).length;
  const after = bins.filter((bin) => bin.from < range.to).length;
  const [left, right] = [LEFT + before * BAR, LEFT + after * BAR - 1];
  context.fillStyle = color("panel");
  context.globalAlpha = 0.7;
  context.fillRect(LEFT, 0, left - LEFT, height);
  context.fillRect(right, 0, width - right, height);
  context.globalAlpha = 1;
  context.strokeStyle = color("accent");
  context.strokeRect(left - 0.5, 0.5, Math.max(1, right - left + 1), height - 1);
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
