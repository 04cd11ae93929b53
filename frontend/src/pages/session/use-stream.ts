import { useEffect, useState, useSyncExternalStore } from "react";
import { type SessionSnapshot, SessionStream } from "../../stream/session";

/** The live connection of a session, for as long as its page is open. */
export function useStream(id: string): SessionStream | null {
  const [stream, setStream] = useState<SessionStream | null>(null);
  useEffect(() => {
    const opened = new SessionStream(id);
    setStream(opened);
    return () => opened.close();
  }, [id]);
  return stream;
}

export function useSnapshot(stream: SessionStream): SessionSnapshot {
  return useSyncExternalStore(stream.onChange, stream.snapshot);
}
