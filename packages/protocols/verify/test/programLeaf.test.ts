import { readFileSync } from "node:fs";
import { type SolidityTwin, solidityTwin } from "@base/testkit/solidity.ts";
import { lower } from "@machines/engine/commit/lower.ts";
import { OPCODES } from "@machines/engine/commit/opcodes.ts";
import { ProgramTree } from "@machines/engine/commit/programRoot.ts";
import { Builder } from "@machines/engine/graph/build.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

const source = `
pragma solidity ^0.8.24;
import {ProgramLeaf} from "@protocols/verify/contracts/ProgramLeaf.sol";
contract Twin {
    function hasHeader(bytes32 root, ProgramLeaf.Header calldata h, bytes32[] calldata path) external view returns (bool) { return ProgramLeaf.hasHeader(root, h, path); }
    function hasValue(bytes32 root, ProgramLeaf.Header calldata h, uint256 k, ProgramLeaf.Value calldata v, bytes32[] calldata path) external view returns (bool) { return ProgramLeaf.hasValue(root, h, k, v, path); }
    function hasOutput(bytes32 root, ProgramLeaf.Header calldata h, uint256 k, ProgramLeaf.Output calldata o, bytes32[] calldata path) external view returns (bool) { return ProgramLeaf.hasOutput(root, h, k, o, path); }
}`;

let twin: SolidityTwin;
beforeAll(async () => {
  twin = await solidityTwin(source, "Twin");
});
afterAll(() => twin?.close());

function program() {
  const b = new Builder();
  const x = b.input("x", [2, 3], "data");
  const w = b.input("a name of thirty-two characters..", [3, 2], "param");
  const s = b.input("kept", [], "state");
  const y = b.op("permute", [b.op("matmul", [x, w])], { perm: [1, 0] });
  b.output("y", y);
  b.update(w, b.op("sub", [w, b.op("mul", [b.scalar(0.1), b.op("add", [w, s])])]));
  return lower(b.finish());
}

/** V10. */
test("every leaf opens in Solidity, and no leaf opens as another", async () => {
  const tree = new ProgramTree(program());
  const { header, path } = tree.openHeader();
  expect(await twin.call("hasHeader", [tree.root, header, path])).toBe(true);
  expect(await twin.call("hasHeader", [tree.root, { ...header, outputs: 0n }, path])).toBe(false);
  for (let k = 0; k < tree.program.values.length; k++) {
    const opened = tree.openValue(k);
    const ask = (patch: object, at = k) =>
      twin.call("hasValue", [tree.root, header, BigInt(at), { ...opened.value, ...patch }, opened.path]);
    expect(await ask({})).toBe(true);
    expect(await ask({}, k + 1)).toBe(false);
    expect(await ask({ slot: opened.value.slot + 1n })).toBe(false);
    expect(await ask({ attrs: [...opened.value.attrs, 0n] })).toBe(false);
    expect(await ask({ name: `${opened.value.name} ` })).toBe(false);
  }
  const output = tree.openOutput(0);
  const ask = (value: bigint, at: bigint) =>
    twin.call("hasOutput", [tree.root, header, at, { name: output.name, value }, output.path]);
  expect([await ask(output.value, 0n), await ask(output.value + 1n, 0n), await ask(output.value, 1n)]).toEqual([
    true,
    false,
    false,
  ]);
});

/** V11. */
test("Ops.sol has the numbers of opcodes.ts", () => {
  const text = readFileSync(new URL("../contracts/Ops.sol", import.meta.url), "utf8");
  const numbers = Object.fromEntries(
    [...text.matchAll(/uint16 internal constant (\w+) = (\d+);/g)].map(([, name, number]) => [name, Number(number)]),
  );
  const named = (op: string) => op.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase();
  expect(numbers).toEqual(Object.fromEntries(Object.entries(OPCODES).map(([op, number]) => [named(op), number])));
  expect(new Set(Object.values(OPCODES)).size).toBe(Object.keys(OPCODES).length);
});
