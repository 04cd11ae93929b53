import { expect, test } from "vitest";
import { askedFirst, cut, isWhole, kindOfFilter, kindOfParam, meant, pidOf, source, title } from "./completion";

const name = (value: string, label = value) => ({ value, label, detail: "", since: null, risk: "", shape: "" });
const found = (total: number, meantNumber: number | null) => ({ host: "web-1", names: [name("a"), name("b")], total, meant: meantNumber });

test("a parameter's own hint wins over its type", () => {
  expect(kindOfParam({ type: "function" })).toBe("function");
  expect(kindOfParam({ type: "int", hint: "process" })).toBe("process");
  expect(kindOfParam({ type: "int" })).toBeUndefined();
  expect(kindOfFilter("ppid")).toBe("process");
  expect(kindOfFilter("cgroup")).toBeUndefined();
});

test("only a whole pid gives a context", () => {
  expect([pidOf("42"), pidOf("0"), pidOf("4x"), pidOf(""), pidOf(undefined), pidOf("12345678")]).toEqual([42, 0, 0, 0, 0, 0]);
});

test("counts say what they count, where", () => {
  expect(meant("function", found(5, 23))).toBe("23 functions match on web-1");
  expect(meant("function", found(5, 1))).toBe("1 function matches on web-1");
  expect(meant("function", found(5, null))).toBe("");
  expect(meant("process", found(5, 1))).toBe("");
  expect(cut(found(2, null))).toBe("");
  expect(cut(found(45, null))).toBe("2 of 45; type more to see others");
});

test("one host is named, several are counted", () => {
  expect(source(["web-1"])).toBe("web-1");
  expect(source(["web-1", "web-2", "web-3"])).toBe("web-1, one of 3 hosts");
});

test("the host that is asked stands first", () => {
  expect(askedFirst([], "", ["web-1"])).toEqual([]);
  expect(askedFirst(["web-1", "web-2"], "", ["web-1", "web-2"])).toEqual(["web-1", "web-2"]);
  expect(askedFirst(["web-1", "web-2"], "", ["web-2"])).toEqual(["web-2", "web-1"]);
  expect(askedFirst(["web-1", "web-2"], "web-2", ["web-1"])).toEqual(["web-2", "web-1"]);
  expect(askedFirst(["web-1"], "web-2", [])).toEqual(["web-1"]);
});

test("numbers stand before their names; half a value is not the end", () => {
  expect(title("process", name("42", "nginx"))).toEqual(["42", "nginx"]);
  expect(title("function", name("c:_Zx", "x()"))).toEqual(["x()", ""]);
  expect([isWhole("c:"), isWhole("c:malloc")]).toEqual([false, true]);
});
