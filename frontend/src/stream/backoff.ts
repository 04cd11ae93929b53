const FIRST_MS = 400;
const LONGEST_MS = 10_000;

/** Wait before the n-th attempt in a row (from 0): doubles up to 10 s, spread so that a fleet of browsers does not return at once. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.round(full * (0.5 + random() / 2));
}
