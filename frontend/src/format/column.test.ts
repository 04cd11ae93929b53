import { describe, expect, it } from "vitest";
import { Role, Unit } from "../gen/proto/v1/tool_pb";
import { alignsRight, formatValue, rawText } from "./column";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("formatValue", () => {
  it("lets unit and role choose", () => {
    expect(formatValue({ unit: Unit.ERRNO, role: Role.KEY }, 2)).toBe("ENOENT");
    expect(formatValue({ unit: Unit.NANOSECONDS, role: Role.MEASURE }, 2500n)).toBe("2.50 µs");
    expect(formatValue({ unit: Unit.MICROSECONDS, role: Role.MEASURE }, 2500)).toBe("2.50 ms");
    expect(formatValue({ unit: Unit.FD, role: Role.MEASURE }, -1)).toBe("-1");
    expect(formatValue({ unit: Unit.ARGV, role: Role.TEXT }, text("ls\0-l\0"))).toBe("ls -l");
    expect(formatValue({ unit: Unit.FILE_PATH, role: Role.TEXT }, text("/tmp/a\nb"))).toBe("/tmp/a\\nb");
    expect(formatValue({ unit: Unit.LOG2_SLOT, role: Role.BUCKET }, 3)).toBe("8 ns – 16 ns");
  });

  it("keeps 64-bit ids exact", () => {
    expect(formatValue({ unit: Unit.CGROUP, role: Role.KEY }, 9_007_199_254_740_993n)).toBe("9007199254740993");
  });

  it("joins stacks root first", () => {
    expect(formatValue({ unit: Unit.NONE, role: Role.STACK }, [text("main"), text("read_[k]")])).toBe("main → read_[k]");
    expect(rawText([text("main"), text("read_[k]")])).toBe("main;read_[k]");
  });

  it("puts quantities and ids to the right", () => {
    expect(alignsRight({ unit: Unit.PID, role: Role.KEY })).toBe(true);
    expect(alignsRight({ unit: Unit.COMM, role: Role.KEY })).toBe(false);
  });
});
