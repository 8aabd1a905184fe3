import type { Hash } from "@base/bytes/hash.ts";
import { BugError } from "@base/errors";
import { canonicalise } from "@machines/engine/bits.ts";
import type { OpName } from "@machines/engine/commit/opcodes.ts";
import { type Question, reads, termsOf } from "./reads.ts";

/**
 * Terms of a reduction that a player settles in one transaction: at most 18 leaves of two binary32 operands, with their paths
 * about 85 KB of the 128 KB that nodes let a transaction carry, and 10 M of the 2^24 gas that one may use (EIP-7825).
 * `sums.long.test.ts` measures both.
 */
export const MAX_TERMS = 8_192;

/** How a referee takes a term into its state: the first state and, for term k of the operands' terms, the next. */
interface Reduction {
  readonly width: number;
  readonly start: number;
  readonly take: (state: Float32Array, k: number, terms: readonly Float32Array[]) => void;
}

const f = Math.fround;
const at = (values: Float32Array | undefined, k: number): number => values?.[k] as number;
const added: Reduction["take"] = (state, k, [x]) => {
  state[k % state.length] = f(at(state, k % state.length) + at(x, k));
};

/** Twins of `_partial` of the referees of binary32. */
const REDUCTIONS: Partial<Record<OpName, Reduction>> = {
  matmulT: {
    width: 1,
    start: 0,
    take: (state, k, [a, b]) => {
      state[0] = f(at(state, 0) + f(at(a, k) * at(b, k)));
    },
  },
  rowsum: { width: 16, start: 0, take: added },
  colsumT: { width: 1, start: 0, take: added },
  rowmaxFinite: {
    width: 1,
    start: Number.NEGATIVE_INFINITY,
    take: (state, k, [x]) => {
      if (at(x, k) > at(state, 0)) state[0] = at(x, k);
    },
  },
};

/** Terms of an element's reduction that players can settle in parts; 0 where they have to settle it at once. */
export function summable(question: Pick<Question, "op" | "operands">): number {
  return REDUCTIONS[question.op] === undefined ? 0 : termsOf(question);
}

/**
 * The referee's state after so many terms, for each border in ascending order; before the first term it is empty. Words are
 * binary32 bits, NaN canonical. Throws BugError for an operator that is settled at once.
 */
export function runningSums(
  question: Question,
  operands: readonly Float32Array[],
  ends: readonly number[],
): readonly (readonly bigint[])[] {
  const reduction = REDUCTIONS[question.op];
  if (reduction === undefined) throw new BugError(`Nobody halves the sum of ${question.op}.`);
  const known = (operand: number, index: number) => at(operands[operand], index);
  const terms = reads(question, known, [0, ends.at(-1) ?? 0]).map(([range], i) => {
    const [from, count] = range ?? [0, 0];
    return (operands[i] as Float32Array).subarray(from, from + count);
  });
  const state = new Float32Array(reduction.width).fill(reduction.start);
  let k = 0;
  return ends.map((end) => {
    for (; k < end; k++) reduction.take(state, k, terms);
    return end === 0 ? [] : Array.from(new Uint32Array(canonicalise(state.slice()).buffer), BigInt);
  });
}

/** Running sums as a move logged them: `parts` of the same width, word after word. */
export function loggedSums(words: readonly Hash[], parts: number): readonly (readonly bigint[])[] {
  const width = words.length / parts;
  return Array.from({ length: parts }, (_, part) => words.slice(part * width, (part + 1) * width).map(BigInt));
}
