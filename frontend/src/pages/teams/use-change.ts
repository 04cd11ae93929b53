import { useMutation, useQueryClient, type UseMutationResult } from "@tanstack/react-query";

const KEYS = ["teams", "grants", "users", "me", "hosts", "sessions", "requests"];

/** A change of rights: whatever is shown may be another now, also who asks. */
export function useChange<T>(change: (what: T) => Promise<unknown>, done?: () => void): UseMutationResult<unknown, Error, T> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => done?.(),
    onSettled: () => {
      for (const key of KEYS) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}
