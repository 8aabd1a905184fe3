import { readFileSync } from "node:fs";
import { solidityTwin } from "@base/testkit/solidity.ts";
import { OPCODES } from "@machines/engine/commit/opcodes.ts";
import { referenceOf } from "@machines/engine/commit/lowered.ts";
import { OPS } from "@machines/engine/ops/registry.ts";
import { encodeAbiParameters, keccak256 } from "viem";
import { expect, test } from "vitest";
import { iRefereeAbi } from "../src/abi.ts";
import { listsFor, refereeCase } from "../src/openings.ts";
import { TensorTree } from "../src/openTensor.ts";
import type { Question } from "../src/reads.ts";
import { REFEREES } from "../src/referees.ts";
import { argumentsWithin } from "./twin.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** V5: the example is what a stranger copies first. */
test("the example of the README compiles and finds a wrong element", async () => {
  const source = /```solidity\n([\s\S]*?)```/.exec(readme)?.[1] as string;
  const twin = await solidityTwin(source, "ProductCheck");
  const [m, k, n] = [3, 70, 4];
  const [a, b] = [argumentsWithin(2, m * k, 1), argumentsWithin(2, n * k, 2)].map((x) => x.map((v) => (v < 9 ? v : 1)));
  const operands = [
    { shape: [m, k], values: a as Float32Array },
    { shape: [n, k], values: b as Float32Array },
  ];
  const product = referenceOf("matmulT").compute(operands, {});
  const trees = operands.map(({ values }) => new TensorTree(values));
  const forged = product.slice();
  forged[7] = (product[7] as number) * 1.0000001;
  const verdict = async (published: Float32Array, index: number) => {
    const question: Question = {
      op: "matmulT",
      attrs: [],
      operands: [
        [m, k],
        [n, k],
      ],
      shape: [m, n],
      index,
    };
    const x = refereeCase(question, trees);
    const types = iRefereeAbi.find((item) => item.type === "function" && item.name === "element")?.inputs[0]
      ?.components;
    const job = keccak256(
      encodeAbiParameters(types?.slice(0, 4) as never, [x.op, x.attrs, x.operands, x.shape] as never),
    );
    const tree = new TensorTree(published);
    return await twin.call("isWrong", [job, tree.root, x, listsFor(question, trees), tree.open(index, 1)[0]]);
  };
  expect(await verdict(product, 7)).toBe(false);
  expect(await verdict(forged, 7)).toBe(true);
  expect(await verdict(forged, 6)).toBe(false);
  await twin.close();
}, 300_000);

/** V11. */
test("every operator number has one referee, and the README names each with it and every operator of the engine", () => {
  const settled = REFEREES.flatMap(({ ops }) => ops);
  expect([...settled].sort()).toEqual(Object.keys(OPCODES).sort());
  for (const { name, ops } of REFEREES) {
    const line = readme.split("\n").find((row) => row.startsWith(`| \`${name}\``)) ?? "";
    for (const op of ops) expect(line, `${op} in the README`).toMatch(new RegExp(`\\b${op}\\b`));
  }
  for (const { name } of OPS) expect(readme).toMatch(new RegExp(`\\b${name}\\b`));
});
