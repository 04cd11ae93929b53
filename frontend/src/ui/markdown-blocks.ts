export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "list"; readonly items: readonly string[] };

/** Headings, paragraphs, bullet lists, fenced and indented code, tables: all that tool pages use. Comments are not shown. */
export function parseMarkdown(text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "" || isComment(line)) {
      at++;
      continue;
    }
    const [block, next] = readBlock(lines, at);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function readBlock(lines: readonly string[], at: number): [Block, number] {
  const line = lines[at] ?? "";
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading !== null) return [{ kind: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" }, at + 1];
  if (line.startsWith("```")) return readFence(lines, at);
  if (line.startsWith("|")) return readWhile(lines, at, /^\|/, tableOf);
  if (/^\s{4}/.test(line)) return readWhile(lines, at, /^\s{4}/, (part) => ({ kind: "code", text: part.join("\n") }));
  if (isItem(line)) return readList(lines, at);
  return readWhile(lines, at, /^(?!#{1,6}\s|```|\||\s*[-*]\s)\s*\S/, (part) => ({
    kind: "paragraph",
    text: part.map((each) => each.trim()).join(" "),
  }));
}

function tableOf(lines: readonly string[]): Block {
  const rows = lines.filter((line) => !/^\|[\s|:-]+$/.test(line)).map(cellsOf);
  return { kind: "table", head: rows[0] ?? [], rows: rows.slice(1) };
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|\s*$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

function readFence(lines: readonly string[], at: number): [Block, number] {
  let end = at + 1;
  while (end < lines.length && !(lines[end] ?? "").startsWith("```")) end++;
  return [{ kind: "code", text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function readWhile(lines: readonly string[], at: number, pattern: RegExp, make: (part: string[]) => Block): [Block, number] {
  let end = at + 1;
  while (end < lines.length && pattern.test(lines[end] ?? "")) end++;
  return [make(lines.slice(at, end)), end];
}

function isComment(line: string): boolean {
  return /^<!--.*-->$/.test(line);
}

function isItem(line: string): boolean {
  return /^\s*[-*]\s/.test(line);
}

function readList(lines: readonly string[], at: number): [Block, number] {
  const items: string[] = [];
  let end = at;
  while (end < lines.length && (lines[end] ?? "").trim() !== "") {
    const line = lines[end] ?? "";
    if (isItem(line)) items.push(line.replace(/^\s*[-*]\s+/, ""));
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
    end++;
  }
  return [{ kind: "list", items }, end];
}

export interface Inline {
  readonly text: string;
  readonly code: boolean;
  readonly strong: boolean;
}

export function splitInline(text: string): Inline[] {
  return text
    .split(/(`[^`]+`|\*\*[^*]+\*\*)/)
    .filter((part) => part !== "")
    .map((part) => {
      const code = part.length > 2 && part.startsWith("`") && part.endsWith("`");
      const strong = !code && part.length > 4 && part.startsWith("**") && part.endsWith("**");
      return { text: code ? part.slice(1, -1) : strong ? part.slice(2, -2) : part, code, strong };
    });
}
