import { describe, expect, it } from "vitest";
import { errnoName, signalName } from "./errno";

describe("names of kernel numbers", () => {
  it("knows errno values at the ends and around the holes of the table", () => {
    expect([0, 1, 2, 11, 35, 36, 40, 42, 57, 59, 95, 110, 111, 133].map(errnoName)).toEqual([
      "0",
      "EPERM",
      "ENOENT",
      "EAGAIN",
      "EDEADLK",
      "ENAMETOOLONG",
      "ELOOP",
      "ENOMSG",
      "EBADSLT",
      "EBFONT",
      "EOPNOTSUPP",
      "ETIMEDOUT",
      "ECONNREFUSED",
      "EHWPOISON",
    ]);
    expect(errnoName(41)).toBe("41");
    expect(errnoName(9999)).toBe("9999");
  });

  it("knows signals", () => {
    expect([1, 9, 15, 17, 31].map(signalName)).toEqual(["SIGHUP", "SIGKILL", "SIGTERM", "SIGCHLD", "SIGSYS"]);
    expect(signalName(36)).toBe("SIGRTMIN+2");
    expect(signalName(99)).toBe("99");
  });
});
