/** Whether every call that the target can mean is on a host's list; as bpf/calls.py has it, by the same examples. */
export function isListed(target: string, list: readonly string[]): boolean {
  const [file, pattern] = parted(target);
  if (!isPlain(file)) return false;
  return list.some((one) => {
    const [files, patterns] = parted(one);
    return fits(file, files) && fits(pattern, patterns);
  });
}

/** A whole path that could be listed, and its calls. */
export function canBeListed(target: string): boolean {
  const [file, pattern] = parted(target);
  return isPlain(file) && pattern !== "";
}

function parted(text: string): [string, string] {
  const at = text.indexOf(":");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function isPlain(file: string): boolean {
  const parts = file.split("/");
  return parts.length > 1 && parts[0] === "" && !parts.slice(1).some((part) => part === "" || part === "." || part === "..");
}

/** With `*` for any letters; takes no longer for a hostile list than for another. */
function fits(text: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  return rest.every((part) => {
    const found = text.indexOf(part, at);
    at = found + part.length;
    return found >= 0 && at <= end;
  });
}
