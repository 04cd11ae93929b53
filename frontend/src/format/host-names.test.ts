import { expect, it } from "vitest";
import { hostNames } from "./host-names";

it("names a few hosts and counts the rest of many", () => {
  expect(hostNames([])).toBe("");
  expect(hostNames(["a", "b", "c"])).toBe("a, b, c");
  expect(hostNames(["a", "b", "c", "d"])).toBe("4 hosts: a, b, …");
  expect(hostNames(Array.from({ length: 1002 }, (_, n) => `h${n}`))).toBe("1\u202f002 hosts: h0, h1, …");
});
