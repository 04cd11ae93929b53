import { useEffect, useState } from "react";

interface Framed {
  onFrame(listener: () => void): () => void;
}

/** Draws again when rows came, at most every `everyMs`: for figures that a person reads. */
export function useFrame(source: Framed, everyMs = 125): void {
  const [, setVersion] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const leave = source.onFrame(() => {
      timer ??= setTimeout(() => {
        timer = null;
        setVersion((version) => version + 1);
      }, everyMs);
    });
    setVersion((version) => version + 1);
    return () => {
      leave();
      if (timer !== null) clearTimeout(timer);
    };
  }, [source, everyMs]);
}
