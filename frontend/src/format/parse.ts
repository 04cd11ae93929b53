/** What a person types into a limit, as a number; null when it is not one. */

const DURATIONS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZES: Record<string, number> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** "90s", "5m", "1h30m" to milliseconds. */
export function durationMs(text: string): number | null {
  const parts = [
    ...text
      .trim()
      .toLowerCase()
      .matchAll(/(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d)\s*/g),
  ];
  if (
    parts.length === 0 ||
    parts
      .map((part) => part[0])
      .join("")
      .trim() !== text.trim().toLowerCase()
  )
    return null;
  return Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (DURATIONS[unit ?? "s"] ?? 1000), 0));
}

/** "500MB", "2 GiB", "1000" to bytes. */
export function byteSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b?)$/i.exec(text.trim());
  const factor = SIZES[(match?.[2] ?? "?").toLowerCase()];
  return match === null || factor === undefined ? null : Math.round(Number(match[1]) * factor);
}

/** "10000", "10 000", "10k", "2M". */
export function wholeNumber(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([kKmM]?)$/.exec(text.replace(/[\s,_\u202f]/g, ""));
  if (match === null) return null;
  const value = Number(match[1]) * { "": 1, k: 1e3, m: 1e6 }[(match[2] ?? "").toLowerCase() as "" | "k" | "m"];
  return Number.isInteger(value) ? value : null;
}

/** "3%", "0.5" to permille. */
export function permille(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim());
  return match === null ? null : Math.round(Number(match[1]) * 10);
}

/** Seconds as the text that `durationMs` reads back. */
export function durationText(seconds: number): string {
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 && seconds > 60 ? `${seconds / 60}m` : `${seconds}s`;
}
