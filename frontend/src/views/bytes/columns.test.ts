import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { ColumnSchema, Role } from "../../gen/proto/v1/tool_pb";
import { likenessOf } from "./columns";
import { SSL, TTY } from "./testing";

it("tells a terminal and a conversation by their columns, whatever they are called", () => {
  expect(likenessOf(TTY)).toBe("terminal");
  expect(likenessOf(SSL)).toBe("conversation");
  expect(likenessOf(SSL.filter(({ name }) => name !== "direction"))).toBe("bytes");
  expect(likenessOf([create(ColumnSchema, { name: "data", role: Role.PAYLOAD })])).toBe("bytes");
});
