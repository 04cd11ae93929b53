import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import type { Tool } from "../../api/catalog";
import { names } from "../../api/names";
import { errorText } from "../../ui/parts";
import type { FieldName } from "./conditions";
import type { Draft } from "./draft";

const TRACEPOINT = /^\w+:\w+$/;
const SETTLED_MS = 400;

/** What is known of the fields of the tracepoint that the draft names; `none`: the tool has no such parameter. */
export type Fields =
  | { readonly state: "none" | "unnamed" }
  | { readonly state: "asking"; readonly target: string }
  | { readonly state: "unknown"; readonly target: string; readonly why: string }
  | { readonly state: "known"; readonly list: readonly FieldName[] };

/** Asked of the first of the hosts. */
export function useFields(tool: Tool, hosts: readonly string[], params: Draft["params"]): Fields {
  const host = hosts[0] ?? "";
  const has = tool.params?.some(({ type }) => type === "tracepoint") ?? false;
  const typed = has ? (params.tracepoint ?? "") : "";
  // Half a name is no tracepoint: wait until it stands.
  const [target] = useDebouncedValue(typed, SETTLED_MS);
  const whole = TRACEPOINT.test(target);
  const { data, error } = useQuery({
    ...names(host, { kind: "field", text: target, pid: 0 }),
    enabled: host !== "" && whole,
    staleTime: Infinity,
    placeholderData: undefined,
  });
  if (!has) return { state: "none" };
  if (typed !== target) return TRACEPOINT.test(typed) ? { state: "asking", target: typed } : { state: "unnamed" };
  if (!whole) return { state: "unnamed" };
  if (host === "") return { state: "unknown", target, why: "No host is chosen." };
  if (error !== null) return { state: "unknown", target, why: errorText(error) };
  if (data === undefined) return { state: "asking", target };
  if (data.names.length === 0) return { state: "unknown", target, why: `${data.host} knows no tracepoint of that name.` };
  return { state: "known", list: data.names as FieldName[] };
}

export function knownFields(fields: Fields): readonly FieldName[] {
  return fields.state === "known" ? fields.list : [];
}
