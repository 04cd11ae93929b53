import { describe, expect, it } from "vitest";
import { canBeListed, isListed } from "./listed";
import examples from "./listed.examples.json";

describe("a call is on a host's list as the server and the host have it", () => {
  it.each(examples)("$what", ({ target, list, listed }) => {
    expect(isListed(target, list)).toBe(listed);
  });
});

it.each([
  ["/opt/app:handle", true],
  ["/usr/bin/python3.11:python:gc__*", true],
  ["c:read", false],
  ["*:read", false],
  ["/opt/app", false],
  ["/opt/../app:read", false],
])("an owner can list %j: %s", (target, can) => {
  expect(canBeListed(target)).toBe(can);
});
