import { useEffect } from "react";

/** Keys by what a person types: "g h", "mod+k", "/", "?". */
export type Hotkeys = Readonly<Record<string, () => void>>;

const CHORD_MS = 900;

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable=true]");
}

export function useHotkeys(keys: Hotkeys, enabled = true): void {
  useEffect(() => {
    if (!enabled) return;
    let first = "";
    let firstAt = 0;
    const onKey = (event: KeyboardEvent): void => {
      const name = keyName(event);
      if (name === null || event.defaultPrevented || (isTyping(event.target) && !name.startsWith("mod+"))) return;
      const chord = event.timeStamp - firstAt < CHORD_MS ? `${first} ${name}` : name;
      const action = keys[chord] ?? keys[name];
      [first, firstAt] = [name, event.timeStamp];
      if (action === undefined) return;
      event.preventDefault();
      firstAt = 0;
      action();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [keys, enabled]);
}

function keyName(event: KeyboardEvent): string | null {
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) return `mod+${event.key.toLowerCase()}`;
  return event.key;
}
