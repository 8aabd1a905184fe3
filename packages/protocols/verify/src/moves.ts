import type { Hash } from "@base/bytes/hash.ts";
import { bytesToHex, hexToBytes } from "@base/bytes/hex.ts";
import { leafHash, MerkleTree } from "@base/bytes/merkle.ts";
import { BugError } from "@base/errors";
import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import type { ValueLeaf } from "@machines/engine/commit/programRoot.ts";
import { tensorRoot } from "@machines/engine/commit/roots.ts";
import { STREAM, shuffled } from "@machines/engine/random/philox.ts";
import { type Abi, concat, encodeAbiParameters, encodeFunctionData, type Hex, keccak256, zeroHash } from "viem";
import { verdictsAbi } from "./abi.ts";
import { childPath, childrenOf, childWidth, firstDifference, pathIn, type Post } from "./nodes.ts";
import { openings, questionOf } from "./openings.ts";
import { bytesOf, type Elements, LEAF_ELEMENTS, type Openable, TensorTree } from "./openTensor.ts";
import type { Replay } from "./replay.ts";
import { loggedSums, MAX_TERMS, runningSums, summable } from "./sums.ts";

/** What a game waits for, in the order of `IDisputes.Phase`. */
export const PHASES = [
  "NONE",
  "SPLIT",
  "CHOOSE_STEP",
  "TRACE",
  "CHOOSE_VALUE",
  "EXPAND_VALUES",
  "EXPAND_LEAVES",
  "CHOOSE_LEAF",
  "REVEAL",
  "PROVE_ELEMENT",
  "PROVE_INPUT",
  "PROVE_POST",
  "SUMS",
  "CHOOSE_SUM",
  "PROVE_SUM",
  "CHALLENGER_WINS",
  "DEFENDER_WINS",
] as const;
export type Phase = (typeof PHASES)[number];

/** Where a game stands, as `IDisputes.State` in Solidity. */
export interface State {
  readonly claimant: Hex;
  readonly stand: bigint;
  readonly job: Hash;
  readonly result: Hash;
  readonly low: bigint;
  readonly high: bigint;
  readonly lowRoot: Hash;
  readonly highRoot: Hash;
  readonly trace: Hash;
  readonly values: bigint;
  readonly value: bigint;
  readonly root: Hash;
  readonly size: bigint;
  readonly dtype: number;
  readonly node: Hash;
  readonly first: bigint;
  readonly count: bigint;
  readonly index: bigint;
  readonly bits: bigint;
  readonly sums: Hash;
}

/** A game as a player finds it: what the last move left. */
export interface Position {
  readonly id: bigint;
  readonly phase: Phase;
  readonly state: State;
  /** What the defender gave with the last move: hashes, a leaf's bytes or running sums, in words. */
  readonly posted: readonly Hash[];
  /** What the defender gave of the trace so far, oldest first. */
  readonly posts: readonly Post[];
}

/** A call of the contract. */
export interface Move {
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** What the game writes over the first words of evidence: which question, about what. */
const POINT = {
  step: 0n,
  value: 0n,
  values: 0n,
  trace: zeroHash,
  root: zeroHash,
  before: zeroHash,
  index: 0n,
  first: 0n,
  last: 0n,
};

/** Arguments of a function of Verdicts; the game fills in what is asked. */
export function evidence(functionName: string, args: readonly unknown[]): Hex {
  const data = encodeFunctionData({
    abi: verdictsAbi as Abi,
    functionName,
    args: [zeroHash, POINT, ...args],
  });
  return `0x${data.slice(10)}`;
}

/** Pieces that a revealed leaf is kept in, as in `Disputes.sol`. */
const PIECES = 16;

/** Whether the defender has to move. */
export function defenderMoves(phase: Phase): boolean {
  return ["SPLIT", "TRACE", "EXPAND_VALUES", "EXPAND_LEAVES", "REVEAL", "SUMS"].includes(phase);
}

/** Borders of the parts that a range of states is split into, both ends included. */
export function borders(low: number, high: number): number[] {
  const parts = Math.min(16, high - low);
  return Array.from({ length: parts + 1 }, (_, part) => low + Math.floor(((high - low) * part) / parts));
}

/** The defender's next move; undefined when it is the challenger's. */
export function defend(replay: Replay, { id, phase, state }: Position): Move | undefined {
  const low = Number(state.low);
  switch (phase) {
    case "SPLIT": {
      const roots = borders(low, Number(state.high)).slice(1, -1);
      return { functionName: "split", args: [id, state, roots.map((at) => replay.rootAt(at))] };
    }
    case "TRACE": {
      const { leaves } = replay.trace(low);
      const nodes = childrenOf(leaves);
      const flat = nodes.length === leaves.length;
      const last = flat ? [] : MerkleTree.fromHashes(leaves).inclusionProof(leaves.length - 1);
      const { header, path } = replay.tree.openHeader();
      const proof = evidence("valuesOf", [replay.job, header, path]);
      return { functionName: "trace", args: [id, state, nodes, last, proof] };
    }
    case "EXPAND_VALUES":
      return { functionName: "expand", args: [id, state, childrenOf(below(replay.trace(low).leaves, state))] };
    case "EXPAND_LEAVES":
      return { functionName: "expand", args: [id, state, childrenOf(below(leavesOf(replay, state), state))] };
    case "REVEAL":
      return { functionName: "reveal", args: [id, state, bytesToHex(leafBytes(disputed(replay, state), state))] };
    case "SUMS": {
      const sums = sumsOf(replay, state, sumBorders(state));
      const value = described(replay, low, Number(state.value));
      // The chain knows the end of a part already; of the whole sum it asks that it gives the element.
      const proof = state.node === zeroHash ? evidence("finish", [replay.job, value, sums.at(-1)]) : "0x";
      return { functionName: "sum", args: [id, state, sums, proof] };
    }
    default:
      return undefined;
  }
}

/**
 * The challenger's next move; undefined when it is the defender's. A reduction of more than `limit` terms is settled in parts.
 * Throws BugError where nothing differs.
 */
export function attack(replay: Replay, position: Position, limit = MAX_TERMS): Move | undefined {
  const { id, phase, state, posted } = position;
  switch (phase) {
    case "CHOOSE_STEP": {
      const ends = borders(Number(state.low), Number(state.high)).slice(1);
      const theirs = [...posted, state.highRoot];
      const part = differing(
        theirs,
        ends.map((at) => replay.rootAt(at)),
        id,
      );
      return { functionName: "chooseStep", args: [id, state, posted, BigInt(part)] };
    }
    case "CHOOSE_VALUE":
      return chooseValue(replay, position);
    case "CHOOSE_LEAF": {
      const child = differing(posted, childrenOf(below(leavesOf(replay, state), state)), id);
      return { functionName: "chooseLeaf", args: [id, state, BigInt(child), posted[child], childPath(posted, child)] };
    }
    case "PROVE_ELEMENT":
      return proveElement(replay, position, limit);
    case "CHOOSE_SUM":
      return chooseSum(replay, position, limit);
    case "PROVE_SUM":
      return proveSum(replay, position);
    case "PROVE_INPUT":
      return proveInput(replay, position);
    case "PROVE_POST":
      return provePost(replay, position);
    default:
      return undefined;
  }
}

function differing(theirs: readonly Hash[], own: readonly Hash[], id: bigint): number {
  const found = firstDifference(theirs, own);
  if (found < 0) throw new BugError(`Nothing that the defender of game ${id} said differs from what this node finds.`);
  return found;
}

function below(leaves: readonly Hash[], { first, count }: State): readonly Hash[] {
  return leaves.slice(Number(first), Number(first + count));
}

function disputed(replay: Replay, state: State): Elements {
  return replay.trace(Number(state.low)).values[Number(state.value)] as Elements;
}

/** Leaf hashes of the disputed value as this player has it. */
function leavesOf(replay: Replay, state: State): Hash[] {
  const value = disputed(replay, state);
  const [bytes, step] = [bytesOf(value), value.BYTES_PER_ELEMENT * LEAF_ELEMENTS];
  const hashes: Hash[] = [];
  for (let from = 0; from < bytes.length; from += step) hashes.push(leafHash(bytes.subarray(from, from + step)));
  return hashes;
}

function leafBytes(values: Elements, { first }: State): Uint8Array {
  const from = Number(first) * LEAF_ELEMENTS;
  return bytesOf(values.subarray(from, from + LEAF_ELEMENTS));
}

/** Value `index` of the trace as the program describes it. */
export function described(replay: Replay, low: number, index: number) {
  const { header, path: headerPath } = replay.tree.openHeader();
  const program = replay.program.values;
  const at = low === 0 ? program.findIndex((value) => isState(value.kind) && value.slot === index) : index;
  const { value, path } = replay.tree.openValue(at);
  return { header, headerPath, value, path, index: BigInt(at), init: low === 0 ? replay.init : [] };
}

const isState = (kind: string) => kind === "param" || kind === "state";

/** An opened value that says nothing: for the state after the step, which is no value of the program. */
function nothing(replay: Replay) {
  const { header, path: headerPath } = replay.tree.openHeader();
  const empty: ValueLeaf = {
    kind: 0,
    op: 0,
    dtype: 0,
    slot: 0n,
    name: "",
    shape: [],
    inputs: [],
    attrs: [],
    root: `0x${"0".repeat(64)}`,
    update: 0n,
  };
  return { header, headerPath, value: empty, path: [], index: 0n, init: [] };
}

function chooseValue(replay: Replay, { id, state, posted }: Position): Move {
  const low = Number(state.low);
  const own = replay.trace(low).leaves;
  const child = differing(posted, childrenOf(below(own, state)), id);
  const path = childPath(posted, child);
  const chosen = [id, state, BigInt(child), posted[child], path];
  const width = childWidth(Number(state.count));
  const rest = Number(state.count) - child * width;
  if (Math.min(rest, width) > 1) return { functionName: "chooseNode", args: chosen };
  const index = Number(state.first) + child * width;
  const value = index + 1 === own.length ? nothing(replay) : described(replay, low, index);
  return { functionName: "chooseValue", args: [...chosen, evidence("question", [replay.job, value])] };
}

function proveElement(replay: Replay, { id, state, posted, posts }: Position, limit: number): Move {
  const said = disputed(replay, state);
  const own = leafBytes(said, state);
  const theirs = hexToBytes(concat(posted)).subarray(0, own.length);
  const at = own.findIndex((byte, place) => byte !== theirs[place]);
  if (at < 0) throw new BugError(`The leaf in game ${id} is the one that this node finds.`);
  const within = Math.floor(at / said.BYTES_PER_ELEMENT);
  const index = Number(state.first) * LEAF_ELEMENTS + within;
  const { piece, hashes } = pieceOf(theirs, within * said.BYTES_PER_ELEMENT);
  const [low, k] = [Number(state.low), Number(state.value)];
  const value = described(replay, low, k);
  const named = [id, state, BigInt(index), bytesToHex(piece), hashes];
  const isNode = low > 0 && replay.program.values[k]?.op !== undefined;
  if (isNode && summable(questionOf(replay.program, k, index)) > limit) {
    const proof = evidence("terms", [replay.job, value, nodeProof(replay, low, k, posts, "0x")]);
    return { functionName: "name", args: [...named, proof] };
  }
  const proof = elementProof(replay, low, k, index, posts);
  return { functionName: "prove", args: [...named, evidence("element", [replay.job, value, proof])] };
}

/** Borders of the parts of the terms in dispute. */
const sumBorders = ({ first, count }: State) => borders(Number(first), Number(first + count));

/** Running sums of the disputed element as this player has them, after so many terms. */
function sumsOf(replay: Replay, state: State, ends: readonly number[]): readonly (readonly bigint[])[] {
  const { values } = replay.trace(Number(state.low));
  const k = Number(state.value);
  const operands = (replay.program.values[k]?.inputs ?? []).map((input) => values[input] as Float32Array);
  return runningSums(questionOf(replay.program, k, Number(state.index)), operands, ends);
}

function chooseSum(replay: Replay, { id, state, posted }: Position, limit: number): Move {
  const ends = sumBorders(state);
  const own = sumsOf(replay, state, ends);
  const theirs = loggedSums(posted, ends.length - 1);
  const part = theirs.findIndex((sums, at) => String(sums) !== String(own[at + 1]));
  if (part < 0) throw new BugError(`No sum that the defender of game ${id} gave differs from what this node finds.`);
  const again = (ends[part + 1] as number) - (ends[part] as number) > limit;
  return { functionName: "chooseSum", args: [id, state, [own[0], ...theirs], BigInt(part), again] };
}

function proveSum(replay: Replay, { id, state, posts }: Position): Move {
  const [low, k, first] = [Number(state.low), Number(state.value), Number(state.first)];
  const [before] = sumsOf(replay, state, [first]);
  const opened = openings(replay.program, treesFor(replay, low, k), k, Number(state.index), [
    first,
    Number(state.count),
  ]);
  const proof = nodeProof(replay, low, k, posts, opened);
  const args = [replay.job, described(replay, low, k), before, proof];
  return { functionName: "proveSum", args: [id, state, evidence("sums", args)] };
}

/** The piece of a leaf that holds the byte at `offset`, and the hashes of all pieces. */
export function pieceOf(leaf: Uint8Array, offset: number): { piece: Uint8Array; hashes: Hash[] } {
  const length = Math.ceil(leaf.length / (8 * PIECES)) * 8;
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < leaf.length; from += length) pieces.push(leaf.subarray(from, from + length));
  return {
    piece: pieces[Math.floor(offset / length)] as Uint8Array,
    hashes: pieces.map((piece) => keccak256(piece)),
  };
}

const OPENING = {
  type: "tuple",
  components: [
    { name: "leaf", type: "bytes" },
    { name: "path", type: "bytes32[]" },
  ],
} as const;

const VALUE = {
  type: "tuple",
  components: [
    { name: "kind", type: "uint8" },
    { name: "op", type: "uint16" },
    { name: "dtype", type: "uint8" },
    { name: "slot", type: "uint256" },
    { name: "name", type: "string" },
    { name: "shape", type: "uint256[]" },
    { name: "inputs", type: "uint256[]" },
    { name: "attrs", type: "int256[]" },
    { name: "root", type: "bytes32" },
    { name: "update", type: "uint256" },
  ],
} as const;

const OPERANDS = {
  type: "tuple[]",
  components: [
    { ...VALUE, name: "value" },
    { name: "path", type: "bytes32[]" },
    { name: "root", type: "bytes32" },
    { name: "tracePath", type: "bytes32[]" },
  ],
} as const;

/** What the chain needs to compute element `index` of value `value` of the step from state `low`. */
export function elementProof(replay: Replay, low: number, value: number, index: number, posts: readonly Post[]): Hex {
  if (low === 0) return "0x";
  const described = replay.program.values[value];
  if (described?.kind === "data") return sampleProof(replay, low, described.slot, index);
  const opened = openings(replay.program, treesFor(replay, low, value), value, index);
  return nodeProof(replay, low, value, posts, opened);
}

/** Operands of a node as program and trace say, with openings of their elements. */
function nodeProof(replay: Replay, low: number, value: number, posts: readonly Post[], opened: Hex): Hex {
  const { leaves } = replay.trace(low);
  const operands = (replay.program.values[value]?.inputs ?? []).map((input) => ({
    ...replay.tree.openValue(input),
    root: leaves[input] as Hash,
    tracePath: pathIn(leaves, posts, input),
  }));
  return encodeAbiParameters([OPERANDS, { type: "bytes" }], [operands, opened]);
}

/** Trees of a node's operands, at their places in the program; no others are looked at. */
function treesFor(replay: Replay, low: number, value: number): Openable[] {
  const { values } = replay.trace(low);
  const sparse: Openable[] = [];
  for (const input of replay.program.values[value]?.inputs ?? []) sparse[input] = replay.openable(values, input);
  return sparse;
}

/** The leaf of the samples that holds an element of a batch. */
function sampleProof(replay: Replay, low: number, slot: number, index: number): Hex {
  const { run } = replay;
  const all = run.data[slot] as Float32Array;
  const width = all.length / run.rows;
  let sample = Math.floor(index / width);
  if (run.stepsPerEpoch > 0) {
    const place = ((low - 1) % run.stepsPerEpoch) * run.batch + sample;
    sample = shuffled(run.rows, run.orderSeed, STREAM.order, Math.floor((low - 1) / run.stepsPerEpoch), place);
  }
  const [opening] = new TensorTree(all).open(sample * width + (index % width), 1);
  return encodeAbiParameters([OPENING], [opening as never]);
}

/** Leaves of a state's list, as the engine's `tensorsRoot` makes them. */
function stateTree(replay: Replay, low: number): { tree: MerkleTree; roots: Hash[] } {
  const states = replay.program.values.filter(({ kind }) => isState(kind));
  const roots = replay.stateAt(low).map(tensorRoot);
  const leaves = states.map(({ name, shape }, slot) => ({ name, shape: [...shape], root: roots[slot] as Hash }));
  const all = [{ type: "assay/state/1", count: leaves.length }, ...leaves];
  return { tree: MerkleTree.fromLeaves(all.map(canonicalJsonBytes)), roots };
}

function proveInput(replay: Replay, { id, state }: Position): Move {
  const value = described(replay, Number(state.low), Number(state.value));
  const { tree, roots } = stateTree(replay, Number(state.low));
  const slot = Number(value.value.slot);
  const paths = [tree.inclusionProof(0), tree.inclusionProof(slot + 1)];
  const proof = evidence("input", [replay.job, value, roots[slot], ...paths]);
  return { functionName: "proveRoot", args: [id, state, proof] };
}

function provePost(replay: Replay, { id, state, posts }: Position): Move {
  const low = Number(state.low);
  const { leaves } = replay.trace(low);
  const { header, path: headerPath } = replay.tree.openHeader();
  const entry = (index: number, from: number) => {
    const { value, path } = replay.tree.openValue(index);
    return { index: BigInt(index), value, path, root: leaves[from], tracePath: pathIn(leaves, posts, from) };
  };
  const output = replay.job.output > 0n && low + 1 === replay.end ? Number(replay.job.output) - 1 : undefined;
  const entries =
    output === undefined
      ? replay.program.values.flatMap((value, index) => {
          if (!isState(value.kind)) return [];
          return [entry(index, low === 0 ? value.slot : (value.update ?? index))];
        })
      : [entry(output, output)];
  return { functionName: "proveRoot", args: [id, state, evidence("post", [replay.job, header, headerPath, entries])] };
}
