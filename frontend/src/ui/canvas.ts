import { type RefObject, useEffect } from "react";

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  /** A colour of the theme in force, by token name. */
  readonly color: (token: string) => string;
}

/** The canvas at the screen's own resolution, cleared, in CSS pixels. Null while it has no size. */
export function surfaceOf(canvas: HTMLCanvasElement): Surface | null {
  const { clientWidth: width, clientHeight: height } = canvas;
  const context = canvas.getContext("2d");
  if (context === null || width === 0 || height === 0) return null;
  const scale = window.devicePixelRatio || 1;
  const [pixelWidth, pixelHeight] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  return { context, width, height, color: (token) => style.getPropertyValue(`--${token}`).trim() };
}

/** Draws after every render, on resize and when the theme changes. */
export function useCanvas(canvas: RefObject<HTMLCanvasElement | null>, draw: (surface: Surface) => void): void {
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const redraw = (): void => {
      const surface = surfaceOf(element);
      if (surface !== null) draw(surface);
    };
    redraw();
    const size = new ResizeObserver(redraw);
    size.observe(element);
    const scheme = new MutationObserver(redraw);
    scheme.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
    return () => {
      size.disconnect();
      scheme.disconnect();
    };
  });
}

export const SERIES = 8;

export function seriesToken(index: number): string {
  return `series-${index % SERIES}`;
}
