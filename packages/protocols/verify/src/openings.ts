import type { Hash } from "@base/bytes/hash.ts";
import { BugError } from "@base/errors";
import type { DisputeProgram, ProgramValue } from "@machines/engine/commit/disputeProgram.ts";
import { OPCODES, type OpName } from "@machines/engine/commit/opcodes.ts";
import type { Shape } from "@machines/engine/graph/ir.ts";
import { encodeAbiParameters, type Hex } from "viem";
import { type Elements, type Openable, type Opening, TensorTree } from "./openTensor.ts";
import { type Question, type Range, reads, termsOf } from "./reads.ts";

/** What `IReferee.Case` holds. */
export interface RefereeCase {
  readonly op: number;
  readonly attrs: readonly bigint[];
  readonly operands: readonly { readonly root: Hash; readonly shape: readonly bigint[] }[];
  readonly shape: readonly bigint[];
  readonly index: bigint;
}

const OPENINGS = [
  {
    type: "tuple[][]",
    components: [
      { name: "leaf", type: "bytes" },
      { name: "path", type: "bytes32[]" },
    ],
  },
] as const;

/** Trees of all values of a trace. */
export function treesOf(values: readonly Elements[]): TensorTree[] {
  return values.map((value) => new TensorTree(value));
}

function nodeOf(program: DisputeProgram, k: number): ProgramValue & { op: OpName } {
  const value = program.values[k];
  if (value?.op === undefined) throw new BugError(`Value ${k} of the program is no operator's result.`);
  return { ...value, op: value.op };
}

/** What a referee is asked for element `index` of value `k`; throws BugError when it is no operator's result. */
export function questionOf(program: DisputeProgram, k: number, index: number): Question {
  const { op, attrs, inputs, shape } = nodeOf(program, k);
  return { op, attrs, operands: inputs.map((input) => (program.values[input] as ProgramValue).shape), shape, index };
}

/** The case of element `index` of value `k`: what the referee takes besides openings. `trees` holds one tree per value. */
export function caseOf(program: DisputeProgram, trees: readonly Openable[], k: number, index: number): RefereeCase {
  const operands = nodeOf(program, k).inputs.map((input) => trees[input] as Openable);
  return refereeCase(questionOf(program, k, index), operands);
}

/** The same for operands that belong to no program. */
export function refereeCase(question: Question, operands: readonly Openable[]): RefereeCase {
  const big = (shape: Shape) => shape.map(BigInt);
  return {
    op: OPCODES[question.op],
    attrs: question.attrs.map(BigInt),
    operands: operands.map((tree, i) => ({ root: tree.root, shape: big(question.operands[i] as Shape) })),
    shape: big(question.shape),
    index: BigInt(question.index),
  };
}

/** Number of terms behind element of value `k` that may be settled in pieces; 0 when it is settled at once. */
export function terms(program: DisputeProgram, k: number): number {
  return termsOf(questionOf(program, k, 0));
}

/**
 * Calldata `openings` for `IReferee.element` (or, with `range`, for `partialSums` on terms [first, first + count)) of
 * element `index` of value `k`. `trees` holds one tree per value of the program. Throws InvalidInputError outside the value.
 */
export function openings(
  program: DisputeProgram,
  trees: readonly Openable[],
  k: number,
  index: number,
  range?: Range,
): Hex {
  const operands = nodeOf(program, k).inputs.map((input) => trees[input] as Openable);
  return openingsFor(questionOf(program, k, index), operands, range);
}

/** The same for operands that belong to no program. */
export function openingsFor(question: Question, operands: readonly Openable[], range?: Range): Hex {
  return encodeOpenings(listsFor(question, operands, range));
}

/** Per operand the leaves that the verdict library takes, not encoded yet. */
export function listsFor(question: Question, operands: readonly Openable[], range?: Range): Opening[][] {
  const known = (operand: number, index: number) => Number((operands[operand] as Openable).value(index));
  return reads(question, known, range).map((ranges, i) => openRanges(operands[i] as Openable, ranges));
}

/** `abi.encode(MerkleTensor.Opening[][])`. */
export function encodeOpenings(lists: readonly (readonly Opening[])[]): Hex {
  return encodeAbiParameters(OPENINGS, [lists.map((list) => list.map(({ leaf, path }) => ({ leaf, path })))]);
}

/** One opening for each change of leaf along the ranges, as `TensorReader` takes them. */
export function openRanges(tree: Openable, ranges: readonly Range[]): Opening[] {
  const opened: Opening[] = [];
  let last = -1;
  for (const [from, count] of ranges)
    for (const [leaf, opening] of tree.leaves(from, count)) {
      if (leaf !== last) opened.push(opening());
      last = leaf;
    }
  return opened;
}
