import { count } from "../format/numbers";
import { errorText } from "../ui/parts";
import { MOST_GROUPS } from "./sums";
import view from "./view.module.css";

/** Why the store did not answer; what is drawn then is what it said before, or what this browser has read. */
export function StoredProblem({ error }: { error: Error | null }) {
  if (error === null) return null;
  return (
    <span role="alert" className={view.problem}>
      {errorText(error)}
    </span>
  );
}

/** The store has more groups than one answer holds: which of them are drawn. */
export function StoredCut({ cut, of, which = "largest" }: { cut: boolean; of: string; which?: "largest" | "first" }) {
  if (!cut) return null;
  return (
    <span className={view.cut} role="status" data-testid="stored-cut">
      the {which} {count(MOST_GROUPS)} {of} only; mark less time to see the others
    </span>
  );
}
