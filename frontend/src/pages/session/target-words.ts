import type { Session } from "../../api/tracing";

type Group = Session["runs"][number]["targets"]["groups"][number];
type Process = Session["runs"][number]["targets"]["processes"][number];

/** Whom a session is about: what its hosts found by the filters, and the filters that need no finding out. */
export function targetWords(session: Session): string[] {
  const groups = session.runs.flatMap((run) => run.targets.groups);
  const processes = session.runs.flatMap((run) => run.targets.processes);
  const found = new Set([...groups, ...processes].map((item) => item.filter as string));
  const { follow, exclude, ...filters } = session.filters;
  const wanted = [...groups.filter((item) => !item.excluded).map(groupWords), ...processes.filter((item) => !item.excluded).map(processWords)];
  const plain = Object.entries(filters).filter(([name]) => !found.has(name)).map(([name, value]) => `${name}=${value}`);
  const negated = Object.entries(exclude ?? {}).flatMap(([name, values]) => values.map((value) => `not ${name}=${value}`));
  return [...new Set(wanted), ...(follow ? ["and children"] : []), ...plain, ...negated].filter((word) => word !== "");
}

function groupWords({ filter, container, namespace, pod, name, path, cgroup }: Group): string {
  if (container === "") return filter === "pod" ? "" : `${filter}=${path.split("/").pop() || String(cgroup)}`;
  const words = [namespace, pod, name].filter(Boolean).join("/");
  return `container=${[words, container.slice(0, 12)].filter(Boolean).join(" ")}`;
}

function processWords({ filter, pid, tid, comm }: Process): string {
  return `${filter}=${tid || pid} ${comm}`;
}
