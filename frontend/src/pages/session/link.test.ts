import { expect, test } from "vitest";
import { linkAddress, secretIn } from "./link";

test("the secret of a link comes back out of its address", () => {
  const address = new URL(linkAddress("https://trace.example.org", "3f2a", "a-secret_1"));
  expect(address.pathname + address.search).toBe("/sessions/3f2a");
  expect(secretIn(address.hash)).toBe("a-secret_1");
});

test.each(["", "#", "#top", "#linked=x"])("%j holds none", (hash) => {
  expect(secretIn(hash)).toBe("");
});
