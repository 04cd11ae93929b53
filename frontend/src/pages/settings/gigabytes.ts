const GIGABYTE = 1e9;

/** As the server writes it in what it refuses: 48.2 GB. Small sizes keep a digit that says something. */
export function gigabytes(size: number): string {
  if (size >= GIGABYTE / 10) return `${(size / GIGABYTE).toFixed(1).replace(/\.0$/, "")} GB`;
  return size === 0 ? "0 GB" : `${Math.max(size / 1e6, 0.1).toFixed(1).replace(/\.0$/, "")} MB`;
}

/** What stands in the field; an empty one is no bound. Null: it is no size. */
export function toBytes(text: string | number): { bytes: number | null } | null {
  if (text === "") return { bytes: null };
  const bytes = Math.round(Number(text) * GIGABYTE);
  return Number.isSafeInteger(bytes) && bytes > 0 ? { bytes } : null;
}

export function fromBytes(bytes: number | null | undefined): number | "" {
  return bytes === null || bytes === undefined ? "" : bytes / GIGABYTE;
}
