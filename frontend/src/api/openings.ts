import type { Signature } from "./consent";
import { post } from "./http";
import type { Schemas } from "./schemas";

/** Of rows that are locked: `text` is what somebody signs whom their hosts' owners let ask for plaintext. */
export type Opening = Schemas["OpeningOut"];
export type HostAnswer = Schemas["HostAnswerOut"];

const path = (session: string) => `sessions/${encodeURIComponent(session)}/openings`;

export const askForOpening = (session: string, reason: string): Promise<Opening> => post(path(session), { reason });

/** What each host said; its error is empty where the rows can be read now. */
export const openRows = async (session: string, opening: string, signature: Signature | null): Promise<HostAnswer[]> =>
  (await post<Schemas["Opened"]>(`${path(session)}/${encodeURIComponent(opening)}`, { signature })).hosts;
