import { errorText } from "../ui/parts";
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
