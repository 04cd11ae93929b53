/** Every word of `query` stands somewhere in `text`, in any order and case. */
export function matchWords(query: string, text: string): boolean {
  const lower = text.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
