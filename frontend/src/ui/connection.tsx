import { IconPlugConnectedX } from "./icons";
import { useEffect, useState } from "react";
import { ago } from "../format/clock";
import type { Connection } from "../stream/socket";
import classes from "./parts.module.css";

const SHOWN_AFTER_MS = 1200;

/** Says that the server is out of reach, since when, and that the browser is trying; silent about short blinks. */
export function ConnectionNotice({ connection }: { connection: Connection }) {
  const now = useNow(connection.state === "lost");
  if (connection.state !== "lost" || now - connection.since < SHOWN_AFTER_MS) return null;
  const wait = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
  return (
    <div className={classes.notice} role="status" data-testid="lost-connection">
      <IconPlugConnectedX size={16} />
      <span>
        Connection lost {ago(connection.since, now)}; what you see may be old. {wait > 0 ? `Next try in ${wait} s.` : "Reconnecting…"}
      </span>
    </div>
  );
}

/** The time, four times a second while `running`. */
export function useNow(running: boolean, everyMs = 250): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [running, everyMs]);
  return now;
}
