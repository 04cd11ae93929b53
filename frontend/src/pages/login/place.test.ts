import { beforeEach, expect, test, vi } from "vitest";
import { keepPlace, takePlace } from "./place";

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    setItem: (key: string, value: string) => kept.set(key, value),
    getItem: (key: string) => kept.get(key) ?? null,
    removeItem: (key: string) => kept.delete(key),
  });
});

test("the place is given back once", () => {
  keepPlace("/audit?host=web-1");
  expect([takePlace(), takePlace()]).toEqual(["/audit?host=web-1", "/"]);
});

test.each(["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example"])("%s is no place here", (path) => {
  keepPlace(path);
  expect(takePlace()).toBe("/");
});
