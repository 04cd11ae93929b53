import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ColumnSchema, Role, Unit } from "../../gen/proto/v1/tool_pb";
import { decodeBodies } from "../../stream/decode";
import { chunkOf, stackBatch } from "../../stream/testing";
import { boxAt, flameBoxes, FRAME_HEIGHT, heightOf, neighbour } from "./layout";
import { folded, type Frame, functions, isKernel, shortName, StackTree } from "./transform";

const columns = [
  create(ColumnSchema, { name: "time", unit: Unit.BOOT_TIME, role: Role.TIME }),
  create(ColumnSchema, { name: "stack", role: Role.STACK }),
  create(ColumnSchema, { name: "count", unit: Unit.COUNT, role: Role.MEASURE }),
];

function treeOf(stacks: readonly (readonly [string, number])[]): StackTree {
  const rows = stacks.map(([stack, count]) => ({ time: 1n, stack: stack === "" ? [] : stack.split(";"), count: BigInt(count) }));
  const { schema, body } = stackBatch(rows);
  const tree = new StackTree(columns, "count", false);
  tree.add(chunkOf(decodeBodies(schema, [{ body, rows: rows.length }])[0] ?? [], rows.length));
  return tree;
}

const tree = treeOf([
  ["main;a;f", 30],
  ["main;b;f", 70],
  ["main;b;read_[k]", 50],
  ["main;b", 10],
]);

function child(frame: Frame, name: string): Frame {
  const found = frame.children.get(name);
  if (found === undefined) throw new Error(`no ${name} under ${frame.name}`);
  return found;
}

describe("stack tree", () => {
  it("sums stacks root first", () => {
    const main = child(tree.root, "main");
    expect([tree.root.total, main.total, child(main, "a").total, child(main, "b").total, child(main, "b").self]).toEqual([
      160, 160, 30, 130, 10,
    ]);
  });

  it("writes folded stacks that add up to the same", () => {
    expect(folded(tree.root)).toBe("main;a;f 30\nmain;b 10\nmain;b;f 70\nmain;b;read_[k] 50");
  });

  it("ranks functions over all callers", () => {
    expect(functions(tree.root)[0]).toEqual({ name: "f", self: 100, total: 100 });
  });

  it("counts a recursive function once", () => {
    const recursive = treeOf([["main;f;f;f", 9]]);
    expect(functions(recursive.root)[0]).toEqual({ name: "f", self: 9, total: 9 });
  });

  it("counts empty stacks at the root", () => {
    expect(treeOf([["", 4]]).root.self).toBe(4);
  });

  it("knows kernel frames", () => {
    const read = child(child(child(tree.root, "main"), "b"), "read_[k]");
    expect([isKernel(read), shortName(read)]).toEqual([true, "read"]);
  });
});

describe("flame layout", () => {
  const boxes = flameBoxes(tree.root, 160);

  it("gives each frame its share of its caller", () => {
    const width = (name: string) => boxes.filter((box) => box.frame.name === name).map((box) => Math.round(box.width));
    expect([width("main"), width("a"), width("b"), width("f")]).toEqual([[160], [30], [130], [30, 70]]);
  });

  it("finds the box under a point", () => {
    expect(boxAt(boxes, 10, 2 * FRAME_HEIGHT + 1)?.frame.name).toBe("a");
    expect(boxAt(boxes, 40, 2 * FRAME_HEIGHT + 1)?.frame.name).toBe("b");
    expect(boxAt(boxes, 10, 20 * FRAME_HEIGHT)).toBeUndefined();
  });

  it("zooms: the frame takes the whole width, its callers stay above it", () => {
    const b = child(child(tree.root, "main"), "b");
    const zoomed = flameBoxes(b, 160);
    expect(zoomed.slice(0, 3).map((box) => [box.frame.name, box.width, box.row])).toEqual([
      ["all", 160, 0],
      ["main", 160, 1],
      ["b", 160, 2],
    ]);
    expect(zoomed.some((box) => box.frame.name === "a")).toBe(false);
  });

  it("leaves out what is too narrow to see", () => {
    expect(flameBoxes(tree.root, 1).length).toBeLessThan(boxes.length);
  });

  it("is as high as the deepest stack", () => {
    expect(heightOf(tree.root)).toBe(4);
  });

  it("is walked with arrows", () => {
    const main = child(tree.root, "main");
    expect(neighbour(main, "ArrowDown")?.name).toBe("b");
    expect(neighbour(child(main, "b"), "ArrowLeft")?.name).toBe("a");
    expect(neighbour(child(main, "a"), "ArrowUp")?.name).toBe("main");
    expect(neighbour(tree.root, "ArrowUp")).toBeUndefined();
  });
});
