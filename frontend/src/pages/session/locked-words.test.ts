import { expect, it } from "vitest";
import { create } from "@bufbuild/protobuf";
import { RunSchemaSchema } from "../../gen/proto/v1/stream_pb";
import { allLocked, openCommand, whoseRows } from "./locked-words";

it("names the hosts, the first of many", () => {
  expect(whoseRows(["web-1"])).toBe("The rows of web-1 are locked.");
  expect(whoseRows(["a", "b", "c", "d", "e", "f", "g"])).toBe("The rows of a, b, c, d, e and 2 more hosts are locked.");
});

it("shows what a host calls itself without hidden characters", () => {
  expect(whoseRows(["web\u202e1"])).not.toContain("\u202e");
});

it("quotes the reason, whatever stands in it", () => {
  expect(openCommand("7", "it's $(late)")).toBe(String.raw`fleetscope open 7 --reason 'it'\''s $(late)' --key ~/.ssh/id_ed25519`);
});

it("is all locked when no host that attached has rows to show", () => {
  const schema = create(RunSchemaSchema);
  const [locked, open, refused] = [{ schema, locked: true }, { schema, locked: false }, { locked: false }];
  expect([[], [refused], [locked], [locked, refused], [locked, open]].map(allLocked)).toEqual([false, false, true, true, false]);
});
