import { type KeyboardEvent, type MouseEvent, useRef, useState } from "react";
import { percent } from "../../format/numbers";
import { useCanvas } from "../../ui/canvas";
import { type Box, boxAt, flameBoxes, FRAME_HEIGHT, heightOf, neighbour } from "./layout";
import { paintFlames } from "./paint";
import classes from "./stacks.module.css";
import { type Frame, isKernel, shortName } from "./transform";

interface Props {
  root: Frame;
  found: ((frame: Frame) => boolean) | null;
  /** A sum of the measure, with its unit. */
  amount: (value: number) => string;
}

/** The flame graph itself. Click or Enter zooms in, Escape zooms out, arrows walk from frame to frame. */
export function FlameChart({ root, found, amount }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const boxes = useRef<readonly Box[]>([]);
  const [zoomed, setZoom] = useState<Frame | null>(null);
  const zoom = zoomed ?? root;
  const [selected, setSelected] = useState<Frame | null>(null);
  const [hover, setHover] = useState<Frame | null>(null);
  const rows = zoom.depth + heightOf(zoom);
  useCanvas(canvas, (surface) => {
    boxes.current = flameBoxes(zoom, surface.width);
    paintFlames(surface, boxes.current, { selected, zoom, found });
  });
  const under = (event: MouseEvent): Frame | null =>
    boxAt(boxes.current, event.nativeEvent.offsetX, event.nativeEvent.offsetY)?.frame ?? null;
  const onClick = (event: MouseEvent): void => {
    const frame = under(event);
    if (frame === null) return;
    setSelected(frame);
    setZoom(frame === zoom ? root : frame);
  };
  const onKey = (event: KeyboardEvent): void => {
    const next = neighbour(selected ?? zoom, event.key);
    if (next !== undefined) {
      setSelected(next);
      if (next.depth < zoom.depth) setZoom(next);
    } else if (event.key === "Enter" && selected !== null) setZoom(selected);
    else if (event.key === "Escape") setZoom(zoom.parent ?? root);
    else return;
    event.preventDefault();
  };
  return (
    <div style={{ display: "flex", flexDirection: "column", minHeight: 0, minWidth: 0 }}>
      <div
        className={classes.flames}
        style={{ flex: 1 }}
        tabIndex={0}
        role="application"
        aria-label="Flame graph: arrows walk, Enter zooms in, Escape out"
        onKeyDown={onKey}
      >
        <canvas
          ref={canvas}
          style={{ height: rows * FRAME_HEIGHT }}
          onClick={onClick}
          onMouseMove={(event) => setHover(under(event))}
          onMouseLeave={() => setHover(null)}
        />
      </div>
      <div className={classes.line} aria-live="polite" data-testid="stack-frame">
        {describe(hover ?? selected ?? zoom, root, amount)}
      </div>
    </div>
  );
}

function describe(frame: Frame, root: Frame, amount: Props["amount"]): string {
  const where = frame.depth === 0 ? "" : isKernel(frame) ? " · kernel" : "";
  const share = percent((frame.total / Math.max(1, root.total)) * 100);
  return `${shortName(frame)}${where} · ${share}, ${amount(frame.total)}, ${amount(frame.self)} its own`;
}
