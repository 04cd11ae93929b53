/** Wall-clock times of rows: exact to the nanosecond, because the arithmetic stays in integers. */

export interface Anchor {
  readonly bootNs: bigint;
  readonly wallNs: bigint;
}

export function wallNs(anchor: Anchor, bootNs: bigint): bigint {
  return anchor.wallNs + (bootNs - anchor.bootNs);
}

/** 14:03:59.123456 in the viewer's own time zone. */
export function timeOfDay(ns: bigint): string {
  const date = new Date(Number(ns / 1_000_000n));
  const micros = (ns / 1000n) % 1_000_000n;
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${micros.toString().padStart(6, "0")}`;
}

/** RFC 3339 in UTC with nine digits: what the exports say. */
export function rfc3339(ns: bigint): string {
  const iso = new Date(Number(ns / 1_000_000n)).toISOString();
  return `${iso.slice(0, 19)}.${(ns % 1_000_000_000n).toString().padStart(9, "0")}Z`;
}

export function clockSeconds(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** 2026-11-22 14:03:59, local. */
export function dateTime(iso: string | number): string {
  const date = new Date(iso);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** 2026-11-22 14:03 UTC: what a schedule in UTC comes to. */
export function minuteUtc(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function ago(iso: string | number, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - new Date(iso).getTime()) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} d ago`;
}

function pad(value: number): string {
  return value.toString().padStart(2, "0");
}
