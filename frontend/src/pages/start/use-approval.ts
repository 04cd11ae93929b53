import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import type { RiskName } from "../../api/catalog";
import type { Host } from "../../api/fleet";
import { ApiError } from "../../api/http";
import { askForApproval, request as requestQuery, requestRules } from "../../api/requests";
import type { StartRequest } from "../../api/tracing";
import { whyApproval } from "./approval";

export interface Approval {
  why: string | null;
  /** `breakGlass`: alone, to be reviewed afterwards. */
  ask: (breakGlass: boolean) => void;
  pending: boolean;
  error: Error | null;
}

/** Does this start need others to agree? Known before it is tried; `refused` is what the server said to a try. */
export function useApproval(order: StartRequest, hosts: readonly Host[], risk: RiskName, refused: Error | null): Approval {
  const navigate = useNavigate();
  const client = useQueryClient();
  const alone = useQuery(requestRules).data?.hosts ?? 0;
  const asked = useMutation({
    mutationFn: (breakGlass: boolean) => askForApproval(order, breakGlass),
    onSuccess: (made) => {
      client.setQueryData(requestQuery(made.id).queryKey, made);
      void navigate(`/requests/${made.id}`);
    },
  });
  const chosen = hosts.filter(({ name }) => order.hosts.includes(name));
  const told = refused instanceof ApiError && refused.code === "approval_needed" ? refused.message : null;
  return { why: whyApproval(risk, chosen, alone) ?? told, ask: asked.mutate, pending: asked.isPending, error: asked.error };
}
