/** Quantities as short text: three significant digits, the unit a person would pick. */

const TIME_STEPS: readonly (readonly [number, string])[] = [
  [1, "ns"],
  [1e3, "µs"],
  [1e6, "ms"],
  [1e9, "s"],
];
const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toString();
  return value.toFixed(size >= 10 ? 1 : 2);
}

export function nanoseconds(value: number | bigint): string {
  const ns = Number(value);
  const size = Math.abs(ns);
  if (size >= 120e9) return longTime(ns / 1e9);
  let step = TIME_STEPS[0] as readonly [number, string];
  for (const candidate of TIME_STEPS) if (size >= candidate[0]) step = candidate;
  return `${significant(ns / step[0])} ${step[1]}`;
}

function longTime(seconds: number): string {
  const rounded = Math.round(seconds);
  const [h, m, s] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60, rounded % 60];
  if (h >= 48) return `${Math.floor(h / 24)} d ${h % 24} h`;
  return h > 0 ? `${h} h ${m} min` : `${m} min ${s} s`;
}

export function bytes(value: number | bigint): string {
  let size = Number(value);
  let unit = 0;
  while (Math.abs(size) >= 1024 && unit < BYTE_UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(size).toString() : significant(size)} ${BYTE_UNITS[unit] ?? ""}`;
}

/** Exact, with thin grouping: 1 234 567. */
export function count(value: number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** Rounded: 1.2M. */
export function compact(value: number | bigint): string {
  let size = Number(value);
  for (const unit of ["", "k", "M", "G"]) {
    if (Math.abs(size) < 999.5 || unit === "G") return `${significant(size)}${unit}`;
    size /= 1000;
  }
  return significant(size);
}

export function percent(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0%";
  return size < 0.01 ? "<0.01%" : `${value.toFixed(size < 10 ? 2 : 1)}%`;
}

/** The range of values that fall into a log2 slot. */
export function log2Slot(slot: number, format: (value: number) => string): string {
  return slot === 0 ? `< ${format(2)}` : `${format(2 ** slot)} – ${format(2 ** (slot + 1))}`;
}
