import type { KindName } from "../api/catalog";

const PATHS: Record<KindName, string> = {
  events: "M2 4h16M2 8h16M2 12h16M2 16h10",
  top: "M2 4h16M2 8h12M2 12h8M2 16h4",
  histogram: "M3 17v-4M7 17V8M11 17V3M15 17v-6M18 17v-2",
  stacks: "M2 16h16M2 12h11M5 8h6M6 4h3M15 12h3",
  counters: "M2 15l4-5 4 3 4-8 4 4",
  bytes: "M4 6l4 4-4 4M10 15h7",
};

export const KIND_NAMES: Record<KindName, string> = {
  events: "events",
  top: "ranking",
  histogram: "histogram",
  stacks: "stacks",
  counters: "counters",
  bytes: "bytes",
};

/** A small picture of what a tool yields. */
export function KindGlyph({ kind, className }: { kind: KindName; className?: string | undefined }) {
  return (
    <svg
      className={className}
      width="20"
      height="20"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      aria-hidden="true"
    >
      <path d={PATHS[kind]} />
    </svg>
  );
}
