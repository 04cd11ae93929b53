import { type MouseEvent, useRef, useState } from "react";
import { clockSeconds } from "../../format/clock";
import { count, log2Slot, nanoseconds } from "../../format/numbers";
import { useCanvas } from "../../ui/canvas";
import classes from "./histogram.module.css";
import { type HeatMap, heatMap } from "./layout";
import { CELL, cellAt, paintHeat, type SlotRange } from "./paint";
import type { Histogram } from "./transform";

export function HeatChart({ histogram, slots }: { histogram: Histogram; slots: SlotRange }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<HeatMap | null>(null);
  const [tip, setTip] = useState<string | null>(null);
  useCanvas(canvas, (surface) => {
    drawn.current = heatMap(histogram, Math.floor((surface.width - CELL.left) / CELL.width));
    if (drawn.current !== null) paintHeat(surface, drawn.current, slots, (slot) => nanoseconds(2 ** slot));
  });
  const onMove = (event: MouseEvent<HTMLCanvasElement>): void => {
    const { offsetX, offsetY } = event.nativeEvent;
    setTip(describe(drawn.current, cellAt(offsetX, offsetY, event.currentTarget.clientHeight, slots)));
  };
  return (
    <div className={classes.heat}>
      <canvas
        ref={canvas}
        role="img"
        aria-label="Latency over time: the bars above hold the totals"
        onMouseMove={onMove}
        onMouseLeave={() => setTip(null)}
      />
      {tip !== null && <span className={classes.tip}>{tip}</span>}
    </div>
  );
}

function describe(heat: HeatMap | null, cell: { column: number; slot: number } | null): string | null {
  if (heat === null || cell === null || cell.column >= heat.columns) return null;
  const events = heat.cells.find((each) => each.column === cell.column && each.slot === cell.slot)?.events ?? 0;
  return `${clockSeconds(heat.first + cell.column * heat.step)} · ${log2Slot(cell.slot, nanoseconds)} · ${count(events)}`;
}
