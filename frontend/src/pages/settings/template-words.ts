import type { Template } from "../../api/templates";
import { minuteUtc } from "../../format/clock";

type Told = Pick<Template, "tool" | "hosts" | "labels" | "risk" | "schedule" | "next_at">;

/** What a template starts, where, and when it is due: in UTC, as its schedule is written. */
export function aboutTemplate({ tool, hosts, labels, risk, schedule, next_at }: Told): string {
  const where = [...hosts, ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)].join(", ");
  const words = [`${tool} on ${where === "" ? "every host" : where}`, risk.toUpperCase()];
  if (next_at !== null) words.push(`${schedule} UTC, next ${minuteUtc(next_at)}`);
  return words.join(" · ");
}
