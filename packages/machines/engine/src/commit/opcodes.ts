/**
 * Numbers of the operators that a referee knows, as in `protocols/verify/contracts/Ops.sol`. Append-only: a number that was
 * ever part of a program's root keeps its meaning.
 */
export const OPCODES = {
  // elements that only move
  reshape: 1,
  transpose: 2,
  permute: 3,
  fill: 4,
  // elementwise, with broadcasting
  add: 16,
  sub: 17,
  mul: 18,
  div: 19,
  gate: 20,
  relu: 21,
  sqrt: 22,
  exp: 23,
  log: 24,
  tanh: 25,
  sigmoid: 26,
  softplus: 27,
  clip: 28,
  // products; the right operand stands in its transposed layout
  matmulT: 48,
  matmulInt8T: 49,
  requantise: 50,
  // reductions
  rowsum: 64,
  colsumT: 65,
  rowmaxFinite: 66,
  // sliding windows
  unfold: 80,
  fold: 81,
  maxpool: 82,
  avgpool: 83,
  maxpoolgrad: 84,
  // boosted trees, answering
  treeLeaf: 96,
  treeScore: 97,
  treeExp: 98,
  treeAnswer: 99,
  // boosted trees, growing
  histogram: 112,
  splitOfFeature: 113,
  bestSplit: 114,
} as const;

/** An operator of a dispute program. */
export type OpName = keyof typeof OPCODES;

/** Element types of a value, as in `ProgramLeaf.sol`. */
export const DTYPES = { f32: 0, i8: 1, i32: 2, i64: 3, trees: 4 } as const;
