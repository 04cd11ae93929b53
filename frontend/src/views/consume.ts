import { useEffect, useState } from "react";
import type { Chunk } from "../stream/chunk";
import { useFrame } from "../ui/use-frame";
import type { ViewProps } from "./view-props";

export interface Consumer {
  add(chunk: Chunk): void;
}

/** A consumer that has been given every row of the stream once: the kept ones first, each new one as it arrives. */
export function useConsumer<C extends Consumer>({ session, stream }: Pick<ViewProps, "session" | "stream">, make: () => C): C | null {
  const [consumer, setConsumer] = useState<C | null>(null);
  useEffect(() => {
    const made = make();
    stream.rows.chunks.forEach((chunk) => made.add(chunk));
    const consume = (chunk: Chunk): void => made.add(chunk);
    stream.consumers.add(consume);
    setConsumer(made);
    return () => {
      stream.consumers.delete(consume);
    };
  }, [stream, make]);
  useFrame(session, 200);
  return consumer;
}
