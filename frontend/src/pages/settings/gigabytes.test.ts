import { expect, test } from "vitest";
import { fromBytes, gigabytes, toBytes } from "./gigabytes";

test("sizes read as in the server's refusals", () => {
  expect([0, 1, 25_000_000, 482e8, 5e10].map(gigabytes)).toEqual(["0 GB", "0.1 MB", "25 MB", "48.2 GB", "50 GB"]);
});

test("an empty field is no bound, nonsense is told apart from it", () => {
  expect(toBytes("")).toEqual({ bytes: null });
  expect(toBytes(48.2)).toEqual({ bytes: 48_200_000_000 });
  expect([toBytes(0), toBytes(-1), toBytes("much"), toBytes(1e30)]).toEqual([null, null, null, null]);
});

test("what is stored comes back as it was typed", () => {
  for (const typed of [50, 0.5, 48.2]) expect(fromBytes(toBytes(typed)?.bytes)).toBe(typed);
  expect([fromBytes(null), fromBytes(undefined)]).toEqual(["", ""]);
});
