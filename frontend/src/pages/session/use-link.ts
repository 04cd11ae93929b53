import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { openLink } from "../../api/shares";
import { secretIn } from "./link";

interface Opening {
  /** Whether the session can be asked for: who comes in by a link has to be let in first. */
  readonly done: boolean;
  /** Why the link opens nothing; the person may look all the same. */
  readonly problem: Error | null;
}

/** Comes in by the link in the address, if there is one, and takes its secret out of there. */
export function useLink(session: string): Opening {
  const { hash } = useLocation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [problem, setProblem] = useState<Error | null>(null);
  const secret = secretIn(hash);
  useEffect(() => {
    if (secret === "") return;
    void openLink(session, secret)
      .then(() => client.invalidateQueries({ queryKey: ["sessions"] }))
      .catch((error: unknown) => setProblem(error as Error))
      .finally(() => void navigate({ hash: "" }, { replace: true }));
  }, [session, secret, client, navigate]);
  return { done: secret === "", problem };
}
