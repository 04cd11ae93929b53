import { useOutletContext } from "react-router";
import type { Me } from "../api/accounts";

/** Who is signed in; the shell does not draw a page without it. */
export function useMe(): Me {
  return useOutletContext<Me>();
}
