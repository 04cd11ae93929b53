import { describe, expect, it } from "vitest";
import { openFlags } from "./open-flags";

describe("open flags", () => {
  it("takes open flags apart, the ones made of several bits first", () => {
    expect(openFlags(0)).toBe("O_RDONLY");
    expect(openFlags(0o2000101)).toBe("O_WRONLY|O_CREAT|O_CLOEXEC");
    expect(openFlags(0o20200002)).toBe("O_RDWR|O_TMPFILE");
    expect(openFlags(0o200000)).toBe("O_RDONLY|O_DIRECTORY");
    expect(openFlags(0o4010000)).toBe("O_RDONLY|O_SYNC");
    expect(openFlags(0o10000)).toBe("O_RDONLY|O_DSYNC");
    expect(openFlags(0x40000000)).toBe("O_RDONLY|0x40000000");
  });
});
