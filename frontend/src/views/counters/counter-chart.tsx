import { type MouseEvent, useRef } from "react";
import { useCanvas } from "../../ui/canvas";
import classes from "./counters.module.css";
import type { Frame } from "./layout";
import { type Line, momentAt, paintChart } from "./paint";

interface Props {
  label: string;
  frame: Frame;
  lines: readonly Line[];
  place: number;
  step: number;
  cursor: number | null;
  moveTo: (at: number) => void;
  text: (value: number) => string;
}

export function CounterChart({ label, frame, lines, place, step, cursor, moveTo, text }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useCanvas(canvas, (surface) => paintChart(surface, { frame, lines, place, step, cursor, text }));
  const onMove = (event: MouseEvent<HTMLCanvasElement>): void =>
    moveTo(momentAt(event.nativeEvent.offsetX, event.currentTarget.clientWidth, frame));
  return <canvas ref={canvas} className={classes.canvas} role="img" aria-label={label} onMouseMove={onMove} />;
}
