import { describe, expect, it } from "vitest";
import type { Tool } from "../../api/catalog";
import { commandOf, draftOf, emptyDraft, filterNames, limitError, requestOf } from "./draft";

const tool: Tool = {
  name: "opensnoop",
  title: "Opened files",
  summary: "",
  category: "files",
  risk: "s2",
  digest: "",
  verdicts: {},
  params: [
    { name: "failed", type: "bool", default: "false" },
    { name: "function", type: "function", required: true },
  ],
  limits: { duration_seconds: { default: "300", max: "86400" }, budget_permille: { default: "30" }, rows: { default: "0" } },
};

describe("the start form", () => {
  const blank = emptyDraft(tool, ["build-01"]);

  it("begins with the tool's defaults; 0 is no limit", () => {
    expect(blank.limits).toEqual({ duration: "5m", budget: "3%", rows: "", bytes: "", events_per_second: "", buffer: "" });
    expect(blank.params).toEqual({ failed: "false", function: "" });
  });

  it("asks for what was typed and leaves out what was not", () => {
    const draft = { ...blank, filters: { pid: "42", comm: "" }, limits: { ...blank.limits, rows: "10k", bytes: "1MiB" }, reason: "INC-1" };
    expect(requestOf(tool, draft)).toEqual({
      tool: "opensnoop",
      hosts: ["build-01"],
      params: { failed: "false" },
      filters: { pid: "42" },
      limits: { duration_ms: 300_000, budget_permille: 30, rows: 10_000, bytes: 1_048_576 },
      reason: "INC-1",
      reveal: false,
    });
  });

  it("shows the same as a command, quoted for a shell, without the defaults", () => {
    const draft = {
      ...blank,
      params: { failed: "true", function: "c:mem*" },
      filters: { pid: "42" },
      limits: { ...blank.limits, duration: "10s", rows: "10k" },
      reason: "it's slow",
      reveal: true,
    };
    expect(commandOf(tool, draft)).toBe(
      "fleetscope start opensnoop --host build-01 --pid 42 --param failed=true --param 'function=c:mem*' --duration 10s --rows 10000 --reveal --reason 'it'\\''s slow'",
    );
  });

  it("asks for containers where a tool tells control groups apart, follows a process and leaves others out", () => {
    expect(filterNames({ ...tool, filters: ["pid", "cgroup"] })).toEqual(["container", "pod", "unit", "pid", "cgroup"]);
    expect(filterNames({ ...tool, filters: ["pid"] })).toEqual(["pid"]);
    const draft = { ...blank, filters: { pid: "42" }, follow: true, exclude: { comm: "cc1, ld ,", uid: "" } };
    expect(requestOf(tool, draft).filters).toEqual({ pid: "42", follow: true, exclude: { comm: ["cc1", "ld"] } });
    expect(commandOf(tool, { ...draft, reason: "it's\n\u001b[201~\\x" })).toContain(String.raw`--reason $'it\'s\U0000000a\U0000001b[201~\\x'`);
    expect(commandOf(tool, draft)).toContain("--pid 42 --follow --not-comm cc1 --not-comm ld");
    expect(commandOf(tool, draft, "the web")).toContain("--not-comm ld --team 'the web'");
    expect(requestOf(tool, { ...draft, filters: {} }).filters).toEqual({ exclude: { comm: ["cc1", "ld"] } });
    const again = { hosts: [], params: {}, filters: { pid: 42, follow: true, exclude: { comm: ["cc1", "ld"] } }, limits: {}, reason: "", reveal: false };
    expect(requestOf(tool, draftOf(tool, again as never)).filters).toEqual(requestOf(tool, draft).filters);
  });

  it("says what a limit looks like", () => {
    expect(limitError("duration", "soon")).toContain("90s");
    expect(limitError("duration", "")).toBeNull();
    expect(limitError("rows", "2M")).toBeNull();
  });

  it("takes an earlier session over", () => {
    const session = {
      hosts: ["web-07"],
      params: { function: "c:free" },
      filters: { pid: 7 },
      limits: { duration_ms: 8000, budget_permille: 1000 },
      reason: "again",
      reveal: true,
    };
    const draft = draftOf(tool, session as never);
    expect(requestOf(tool, draft)).toEqual({
      tool: "opensnoop",
      hosts: ["web-07"],
      params: { failed: "false", function: "c:free" },
      filters: { pid: "7" },
      limits: { duration_ms: 8000, budget_permille: 1000 },
      reason: "again",
      reveal: true,
    });
  });
});
