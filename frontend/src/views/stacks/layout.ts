import type { Frame } from "./transform";

export const FRAME_HEIGHT = 19;

export interface Box {
  readonly frame: Frame;
  readonly x: number;
  readonly width: number;
  readonly row: number;
}

/** Below this many pixels a frame is left out; its parent still shows the space it takes. */
const NARROWEST = 0.6;

/** Boxes of the tree below `zoom`, with the frames above it as full-width rows. */
export function flameBoxes(zoom: Frame, width: number): Box[] {
  const boxes: Box[] = [];
  for (let frame: Frame | null = zoom.parent; frame !== null; frame = frame.parent) boxes.unshift({ frame, x: 0, width, row: frame.depth });
  const place = (frame: Frame, x: number, pixels: number): void => {
    if (pixels < NARROWEST) return;
    boxes.push({ frame, x, width: pixels, row: frame.depth });
    let at = x;
    for (const child of sortedChildren(frame)) {
      const share = frame.total === 0 ? 0 : (child.total / frame.total) * pixels;
      place(child, at, share);
      at += share;
    }
  };
  place(zoom, 0, width);
  return boxes;
}

/** By name, so that a frame keeps its place while its numbers grow. */
export function sortedChildren(frame: Frame): Frame[] {
  return [...frame.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Rows from a frame down to its deepest callee. */
export function heightOf(frame: Frame): number {
  let deepest = 0;
  for (const child of frame.children.values()) deepest = Math.max(deepest, heightOf(child));
  return deepest + 1;
}

export function boxAt(boxes: readonly Box[], x: number, y: number): Box | undefined {
  const row = Math.floor(y / FRAME_HEIGHT);
  return boxes.find((box) => box.row === row && x >= box.x && x < box.x + box.width);
}

/** Where an arrow key leads from a frame: to its caller, its biggest callee, or its neighbours. */
export function neighbour(frame: Frame, key: string): Frame | undefined {
  switch (key) {
    case "ArrowUp":
      return frame.parent ?? undefined;
    case "ArrowDown":
      return [...frame.children.values()].sort((a, b) => b.total - a.total)[0];
    case "ArrowLeft":
      return sibling(frame, -1);
    case "ArrowRight":
      return sibling(frame, 1);
    default:
      return undefined;
  }
}

function sibling(frame: Frame, by: number): Frame | undefined {
  if (frame.parent === null) return undefined;
  const all = sortedChildren(frame.parent);
  return all[all.indexOf(frame) + by];
}
