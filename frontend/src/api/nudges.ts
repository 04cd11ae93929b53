import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Connection, Socket } from "../stream/socket";

type Topic = "hosts" | "sessions" | "requests" | "audit";

/** What has to be read again when the server says that a topic changed. */
const KEYS: Record<Topic, readonly string[]> = {
  hosts: ["hosts", "tools"],
  sessions: ["sessions", "hosts"],
  requests: ["requests"],
  audit: ["audit"],
};

/** Keeps every list current without polling: the server nudges, the browser reads what is on screen again. `may`: who may not look is told nothing. */
export function useFleetNudges(may: boolean): Connection {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>({ state: "connecting" });
  useEffect(() => {
    if (!may) return;
    let missed = false;
    const refresh = (keys: readonly string[]): void => {
      for (const key of keys) void client.invalidateQueries({ queryKey: [key] });
    };
    const socket = new Socket("/ws/fleet", {
      onOpen: () => {
        if (missed) void client.invalidateQueries();
        missed = true;
      },
      onMessage: (data) => {
        if (typeof data === "string") refresh(topicsOf(data).flatMap((topic) => KEYS[topic]));
      },
      onConnection: setConnection,
      onRefused: () => void client.invalidateQueries({ queryKey: ["me"] }),
    });
    return () => socket.close();
  }, [client, may]);
  return connection;
}

function topicsOf(text: string): Topic[] {
  const { changed } = JSON.parse(text) as { changed?: string[] };
  return (changed ?? []).filter((topic): topic is Topic => topic in KEYS);
}
