import { describe, expect, it } from "vitest";
import type { Session } from "../../api/tracing";
import { targetWords } from "./target-words";

const group = { filter: "container", cgroup: 7, path: "", controller: "", container: "", runtime: "", name: "", image: "", pod: "", namespace: "", excluded: false, pids: [] };

function session(filters: unknown, targets: unknown): Session {
  return { filters, runs: [{ targets: { processes: [], groups: [], ...(targets as object) } }] } as unknown as Session;
}

describe("the words for a session's target", () => {
  it("are what the host found, where it had to find something", () => {
    const found = { groups: [{ ...group, container: "a".repeat(64), pod: "shop-1", namespace: "prod", name: "web" }] };
    expect(targetWords(session({ container: "aaaa", uid: 0 }, found))).toEqual(["container=prod/shop-1/web aaaaaaaaaaaa", "uid=0"]);
    expect(targetWords(session({ unit: "n" }, { groups: [{ ...group, filter: "unit", path: "s/n.service" }] }))).toEqual(["unit=n.service"]);
  });

  it("say who is followed and who is left out", () => {
    const found = { processes: [{ filter: "pid", pid: 7, tid: 0, comm: "make", excluded: false, children: [], started_ticks: 1 }] };
    const filters = { pid: 7, follow: true, exclude: { comm: ["cc1", "ld"] } };
    expect(targetWords(session(filters, found))).toEqual(["pid=7 make", "and children", "not comm=cc1", "not comm=ld"]);
  });

  it("are none for a whole host", () => {
    expect(targetWords(session({}, {}))).toEqual([]);
  });
});
