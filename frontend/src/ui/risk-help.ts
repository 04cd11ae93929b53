import type { RiskName } from "../api/catalog";

/** What sessions of a class may reveal. */
export const RISK_HELP: Record<RiskName, string> = {
  s0: "S0: totals only",
  s1: "S1: ids, program names, ports, latencies, stacks",
  s2: "S2: paths, program arguments, host names",
  s3: "S3: plaintext of people or programs",
};
