import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ColumnSchema, Role, Unit } from "../../gen/proto/v1/tool_pb";
import { Rows } from "../../stream/rows";
import { bytesColumn, chunkOf } from "../../stream/testing";
import { containerColumns, hasContainers } from "./containers";

const columns = [
  create(ColumnSchema, { name: "comm", unit: Unit.COMM, role: Role.KEY }),
  create(ColumnSchema, { name: "container", unit: Unit.CONTAINER, role: Role.KEY }),
];

function stream(...containers: string[]) {
  const rows = new Rows();
  for (const container of containers) rows.add(chunkOf([bytesColumn(["sh", "sh"]), bytesColumn([container, ""])], 2));
  return { columns, rows };
}

describe("the column of containers", () => {
  it("is the one of that unit", () => {
    expect(containerColumns(columns)).toEqual(["container"]);
  });

  it("has something to say once a row is from a container", () => {
    expect(hasContainers(stream())).toBe(false);
    expect(hasContainers(stream("", ""))).toBe(false);
    expect(hasContainers(stream("", "web"))).toBe(true);
  });

  it("is not missed where there is none", () => {
    expect(hasContainers({ ...stream("web"), columns: columns.slice(0, 1) })).toBe(false);
  });
});
