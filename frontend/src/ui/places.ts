import type { Me } from "../api/accounts";
import { IconChecklist, IconClipboardList, IconHistory, IconServer2, IconTool, IconUsersGroup } from "./icons";

type Can = Me["can"];

const PLACES = [
  { to: "/hosts", name: "Hosts", key: "h", icon: IconServer2, id: "nav-hosts", needs: "look" },
  { to: "/tools", name: "Tools", key: "t", icon: IconTool, id: "nav-tools", needs: null },
  { to: "/sessions", name: "Sessions", key: "s", icon: IconHistory, id: "nav-sessions", needs: "look" },
  { to: "/requests", name: "Approvals", key: "p", icon: IconChecklist, id: "nav-requests", needs: "look" },
  { to: "/audit", name: "Audit", key: "a", icon: IconClipboardList, id: "nav-audit", needs: "audit" },
  { to: "/teams", name: "Teams", key: "m", icon: IconUsersGroup, id: "nav-teams", needs: "grant" },
] as const;

/** The pages that hold something for this person, in the order of the navigation. */
export function placesOf(can: Can): readonly (typeof PLACES)[number][] {
  return PLACES.filter(({ needs }) => needs === null || can[needs]);
}

/** Whether the page of this address holds nothing for this person. Teams show their members to everyone who signs in. */
export function isShut(can: Can, address: string): boolean {
  return PLACES.some(({ to, needs }) => to === address && needs !== null && needs !== "grant" && !can[needs]);
}

/** Where a person arrives who asked for no page. */
export function homeOf(can: Can): string {
  if (can.look) return "/hosts";
  return can.audit ? "/audit" : "/tools";
}
