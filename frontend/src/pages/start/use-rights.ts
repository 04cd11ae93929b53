import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { RiskName } from "../../api/catalog";
import { type Rights, rights } from "../../api/tracing";

/** What may I start here, as the server answers before it is tried; the last answer until the next one has come. */
export function useRights(tool: string, hosts: readonly string[], team: string, risk: RiskName): Rights | undefined {
  const { data } = useQuery({ ...rights(tool, hosts, team, risk), enabled: hosts.length > 0, placeholderData: keepPreviousData });
  return hosts.length === 0 ? undefined : data;
}
