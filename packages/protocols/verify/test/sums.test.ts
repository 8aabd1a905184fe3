// Long sums, settled in parts: rule D20, by the contracts as they are deployed.
import type { Hash } from "@base/bytes/hash.ts";
import { merkleRootOfHashes } from "@base/bytes/merkle.ts";
import { bitsOf, fromBits } from "@machines/engine/bits.ts";
import { Builder } from "@machines/engine/graph/build.ts";
import { keccak256, toHex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attack, borders, defend, defenderMoves, described, evidence, type Move, type Position } from "../src/moves.ts";
import { questionOf } from "../src/openings.ts";
import { Replay, type Run } from "../src/replay.ts";
import { runningSums } from "../src/sums.ts";
import { Arena, attacking, defending, honest, type Outcome, type Player, UNIT } from "./arena.ts";
import { LyingReplay, perceptron } from "./runs.ts";

type Sums = readonly (readonly bigint[])[];

let arena: Arena;
beforeAll(async () => {
  arena = await Arena.open();
}, 60_000);
afterAll(() => arena?.close());

const LOW = 3;
const run = perceptron({ widths: [300, 4, 3], batch: 4, rows: 24, steps: 6 });
const truth = new Replay(run);
const products = truth.program.values.flatMap(({ op }, k) => (op === "matmulT" ? [k] : []));
const PRODUCT = products[0] as number;

/** The referee's `finish` for binary32. */
function finished(words: readonly bigint[]): number {
  const state = words.map((word) => fromBits(Number(word)));
  for (let width = state.length / 2; width >= 1; width /= 2)
    for (let i = 0; i < width; i++) state[i] = Math.fround((state[i] as number) + (state[i + width] as number));
  return state[0] as number;
}

/** A state whose first word is another number. */
const bent = ([first, ...rest]: readonly bigint[]): bigint[] => [
  BigInt(bitsOf(Math.fround(fromBits(Number(first)) + 1))),
  ...rest,
];

const operandsOf = (real: Replay, low: number, k: number) =>
  (real.program.values[k]?.inputs ?? []).map((input) => real.trace(low).values[input] as Float32Array);

function sumsAt(real: Replay, { low, value, index }: Position["state"], ends: readonly number[]): Sums {
  const [step, k] = [Number(low), Number(value)];
  return runningSums(questionOf(real.program, k, Number(index)), operandsOf(real, step, k), ends);
}

interface Cheat {
  readonly of: Run;
  readonly real: Replay;
  readonly low: number;
  readonly value: number;
  readonly index: number;
}

const product = (index: number, value = PRODUCT): Cheat => ({ of: run, real: truth, low: LOW, value, index });

/** A replay that is wrong in one element of a reduction, and in a bias after it lest the lie rounds away. */
function liarOf({ of, real, low, value, index }: Cheat): Replay {
  const question = questionOf(real.program, value, index);
  const terms = question.operands[0]?.at(-1) as number;
  const [last] = runningSums(question, operandsOf(real, low, value), [terms]) as [bigint[]];
  const lie = { low, value, change: (v: Float32Array) => v.set([finished(bent(last))], index) };
  const after = real.program.values.find(({ name }) => name === "b1")?.update;
  if (after === undefined) return new LyingReplay(of, [lie]);
  return new LyingReplay(of, [lie, { low, value: after, change: (v) => v.fill(2) }]);
}

const withSums = (liar: Replay, position: Position, list: Sums): Move => {
  const { id, state } = position;
  const value = described(liar, Number(state.low), Number(state.value));
  return { functionName: "sum", args: [id, state, list, evidence("finish", [liar.job, value, list.at(-1)])] };
};

/** A defender who says that the sum went another way from term `wrong` on. */
const bending =
  (liar: Replay, real: Replay, wrong: number): Player =>
  (position) => {
    if (position.phase !== "SUMS") return defend(liar, position);
    const { first, count } = position.state;
    const ends = borders(Number(first), Number(first + count));
    const list = sumsAt(real, position.state, ends).map((sums, i) => ((ends[i] as number) > wrong ? bent(sums) : sums));
    return withSums(liar, position, list);
  };

const everyone = async () => {
  const wealth = [arena.defender, arena.challenger, arena.other].map((account) => arena.wealth(account));
  const burned = (await arena.chain.read(arena.disputes, "burned", [])) as bigint;
  return { wealth: await Promise.all(wealth), burned };
};

/** Opens a game against a claim of this result. */
async function opened(real: Replay, result: Hash): Promise<Position> {
  const { stand } = await arena.claim(real.jobHash, result);
  return (await arena.challenge(stand, result, real)).position;
}

/** Plays with a wrong element; the challenger follows the rules and nothing that it does is refused. */
async function caught(cheat: Cheat, defender: (liar: Replay) => Player, limit: number): Promise<Outcome> {
  const liar = liarOf(cheat);
  const before = await everyone();
  const position = await opened(cheat.real, liar.result);
  const outcome = await arena.play(position, defender(liar), honest(attacking(cheat.real, limit)));
  const after = await everyone();
  expect(outcome.winner).toBe("CHALLENGER_WINS");
  // Seven bonds of 100 lost: one half burned, the other paid.
  const change = after.wealth.map((wealth, i) => (wealth - (before.wealth[i] as bigint)) / UNIT);
  expect(change).toEqual([-700n, 350n, 0n]);
  expect((after.burned - before.burned) / UNIT).toBe(350n);
  return outcome;
}

const names = ({ moves }: Outcome) => moves.map(({ move }) => move);
const ONCE = ["name", "sum", "chooseSum", "proveSum"];
const TWICE = ["name", "sum", "chooseSum", "sum", "chooseSum", "proveSum"];

/** A run that only answers: one reduction of rows of 100 numbers. */
function answering(op: string): Run {
  const b = new Builder();
  const x = b.input("x", [3, 100], "data");
  b.input("w", [1, 1], "param");
  b.output("answer", b.op(op, op === "matmul" ? [x, b.op("transpose", [x])] : [x]));
  const data = Float32Array.from({ length: 300 }, (_, i) => Math.fround(Math.sin(i * 7) * 3));
  const graph = b.finish();
  const base = { rows: 3, batch: 3, steps: 1, stepsPerEpoch: 0, seed: 1, orderSeed: 1, output: "answer" };
  const first = graph.inputs.filter(({ role }) => role === "param").map(() => ({ kind: "fill" as const, bits: 0 }));
  return { graph, data: [data], first, ...base };
}

/** D20. */
describe("a wrong element of a long sum loses", () => {
  // 300 terms are parts of 18 and 19; of those, parts of 1 and 2.
  test.each([
    ["first", 0],
    ["middle", 151],
    ["last", 299],
  ])("wrong in the %s part", async (_, wrong) => {
    const outcome = await caught(product(3), (liar) => bending(liar, truth, wrong), 20);
    expect(names(outcome).slice(-4)).toEqual(ONCE);
    expect(outcome.computed?.claimed).not.toBe(outcome.computed?.truth);
  });

  test.each([0, 17, 18, 130, 298, 299])("halved twice, wrong from term %i", async (wrong) => {
    const outcome = await caught(product(5), (liar) => bending(liar, truth, wrong), 10);
    expect(names(outcome).slice(-6)).toEqual(TWICE);
  });

  test("down to a single term, and a sum of fewer terms than parts", async () => {
    const deep = await caught(product(5), (liar) => bending(liar, truth, 55), 1);
    expect(names(deep).at(-1)).toBe("proveSum");
    const short = await caught(product(2, products[1]), (liar) => bending(liar, truth, 2), 1);
    expect(names(short).slice(-4)).toEqual(ONCE);
  });

  test.each(["rowsum", "colsum", "softmax"])("of %s", async (op) => {
    const of = answering(op);
    const real = new Replay(of);
    const ops = { rowsum: ["rowsum"], colsum: ["colsumT"], softmax: ["rowmaxFinite", "rowsum"] }[op] as string[];
    for (const reduction of ops) {
      const value = real.program.values.findIndex((node) => node.op === reduction);
      const terms = op === "colsum" ? 3 : 100;
      // A lie in the middle of the program reaches the answer only by being followed.
      const outcome = await caught({ of, real, low: 1, value, index: 1 }, (liar) => bending(liar, real, terms - 2), 1);
      expect(names(outcome).at(-1)).toBe("proveSum");
    }
  });

  test("silence where the sums are asked for", async () => {
    const silent =
      (liar: Replay): Player =>
      (position) =>
        position.phase === "SUMS" ? undefined : defend(liar, position);
    expect(names(await caught(product(3), silent, 20)).slice(-2)).toEqual(["name", "timeout"]);
  });

  test("sums that are true, and do not give the element, are refused", async () => {
    const outcome = await caught(product(3), (liar) => defending(liar), 20);
    expect(names(outcome).slice(-2)).toEqual(["name", "timeout"]);
  });
});

/** Plays until the game waits for `phase`. */
async function until(start: Position, phase: string, defender: Player, challenger: Player): Promise<Position> {
  let position = start;
  while (position.phase !== phase) {
    const turn = defenderMoves(position.phase);
    const move = (turn ? defender : challenger)(position) as Move;
    const by = turn ? arena.defender : arena.challenger;
    position = arena.position(await arena.write(by, move.functionName, move.args), position) as Position;
  }
  return position;
}

/** D20. */
test("sums that do not fit are refused, whoever brings them", async () => {
  const liar = liarOf(product(3));
  const [defender, challenger] = [bending(liar, truth, 151), attacking(truth, 10)];
  const refused = (by: "defender" | "challenger", { functionName, args }: Move, error: string) =>
    expect(arena.write(arena[by], functionName, args), `${functionName}: ${error}`).rejects.toThrow(error);
  const changed = (move: Move, at: number, value: unknown): Move => ({ ...move, args: move.args.with(at, value) });

  let position = await until(await opened(truth, liar.result), "SUMS", defender, challenger);
  const move = defender(position) as Move;
  const list = move.args[2] as Sums;
  const last = list.at(-1) as readonly bigint[];
  const [other] = sumsAt(truth, position.state, [300]) as [bigint[]];
  const wrongValue = described(truth, LOW, products[1] as number);
  for (const [wrong, error] of [
    [changed(move, 2, [[0n], ...list.slice(1)]), "NotBelow"],
    [changed(move, 2, list.with(-1, other)), "NotBelow"],
    [withSums(liar, position, list.with(-1, other)), "NotBelow"],
    [withSums(liar, position, list.with(-1, [...last, 0n])), "NoSuchRange"],
    [withSums(liar, position, list.with(-1, [])), "NoSuchRange"],
    [withSums(liar, position, list.slice(1)), "WrongCount"],
    [withSums(liar, position, [...list, last]), "WrongCount"],
    [withSums(liar, position, list.with(5, [...last, 0n])), "WrongCount"],
    [withSums(liar, position, list.with(5, [])), "WrongCount"],
    [changed(move, 3, evidence("finish", [truth.job, wrongValue, last])), "WrongProof"],
    [changed(move, 3, evidence("finish", [{ ...truth.job, seed: 9n }, wrongValue, last])), "WrongJob"],
    [changed(move, 3, "0x"), "WrongCount"],
  ] as const)
    await refused("defender", wrong, error);
  await refused("challenger", move, "NotYourMove");

  position = await until(position, "CHOOSE_SUM", defender, challenger);
  expect(position.posted).toEqual(list.slice(1).map(([word]) => toHex(word as bigint, { size: 32 })));
  const choice = challenger(position) as Move;
  await refused("challenger", changed(choice, 2, list.with(4, [7n])), "NotBelow");
  await refused("challenger", changed(choice, 2, list.slice(1)), "NotBelow");
  await refused("challenger", changed(choice, 3, 16n), "OutOfRange");
  await refused("defender", choice, "NotYourMove");

  position = await until(position, "SUMS", defender, challenger);
  expect(position.state).toMatchObject({ first: 150n, count: 18n });
  const second = defender(position) as Move;
  const inner = second.args[2] as Sums;
  await refused("defender", changed(second, 2, inner.with(0, [1n])), "NotBelow");
  await refused("defender", changed(second, 2, inner.with(0, [])), "NotBelow");
  await refused("defender", changed(second, 2, inner.with(-1, other)), "NotBelow");
  await refused("defender", changed(second, 2, inner.slice(0, -1)), "WrongCount");

  position = await until(position, "PROVE_SUM", defender, challenger);
  expect(position.state.count).toBeLessThan(3n);
  const proof = challenger(position) as Move;
  const elsewhere = (first: bigint) => attack(truth, { ...position, state: { ...position.state, first } }) as Move;
  await refused("challenger", changed(proof, 2, elsewhere(0n).args[2]), "NoSuchRange");
  await refused("challenger", changed(proof, 2, elsewhere(149n).args[2]), "NotBelow");
  await refused("challenger", changed(proof, 2, `${String(proof.args[2]).slice(0, -2)}01`), "NotInTree");
  const outcome = await arena.play(position, defender, honest(challenger));
  expect([outcome.winner, names(outcome)]).toEqual(["CHALLENGER_WINS", ["proveSum"]]);
});

/** D20. */
describe("a right element of a long sum wins", () => {
  /** A challenger that opens value and element, and says of part `part` that it is wrong. */
  function picking(value: number, part: number, again: boolean): Player {
    const noise = keccak256(toHex("pretended"));
    const leaves = truth.trace(LOW).leaves.map((leaf, i) => (i === value ? noise : leaf));
    const values = truth.trace(LOW).values.map((v, i) => (i === value ? (v as Float32Array).map((x) => x + 1) : v));
    const pretending = Object.assign(new Replay(run), {
      trace: () => ({ values, leaves, root: merkleRootOfHashes(leaves) }),
    });
    return (position) => {
      const { id, phase, state, posted } = position;
      if (phase === "CHOOSE_STEP") return { functionName: "chooseStep", args: [id, state, posted, BigInt(LOW)] };
      if (phase !== "CHOOSE_SUM") return attack(pretending, position, 1);
      const list = sumsAt(truth, state, borders(Number(state.first), Number(state.first + state.count)));
      return { functionName: "chooseSum", args: [id, state, list, BigInt(Math.min(part, list.length - 2)), again] };
    };
  }

  async function withstood(challenger: Player): Promise<Outcome> {
    const before = await everyone();
    const outcome = await arena.play(await opened(truth, truth.result), honest(defending(truth)), challenger);
    const after = await everyone();
    expect(outcome.winner).toBe("DEFENDER_WINS");
    const change = after.wealth.map((wealth, i) => (wealth - (before.wealth[i] as bigint)) / UNIT);
    expect(change).toEqual([35n, -70n, 0n]);
    expect((after.burned - before.burned) / UNIT).toBe(35n);
    return outcome;
  }

  test.each([
    ["the first part", 0, false],
    ["the last part", 15, false],
    ["a part of a part, down to one term", 7, true],
  ])("against %s", async (_, part, again) => {
    const outcome = await withstood(picking(PRODUCT, part, again));
    expect(names(outcome).at(-1)).toBe("proveSum");
    expect(outcome.computed?.claimed).toBe(outcome.computed?.truth);
  });

  test.each(["CHOOSE_SUM", "PROVE_SUM"])("against silence at %s", async (phase) => {
    const player = picking(PRODUCT, 3, false);
    const outcome = await withstood((position) => (position.phase === phase ? undefined : player(position)));
    expect(names(outcome).at(-1)).toBe("timeout");
  });

  test("a value that is no sum is not halved", async () => {
    const value = truth.program.values.findIndex(({ op }) => op === "relu");
    const player = picking(value, 0, false);
    const outcome = await withstood((position) => {
      const move = player(position);
      return move?.functionName === "prove" ? { ...move, functionName: "name" } : move;
    });
    expect(names(outcome).at(-1)).toBe("timeout");
  });
});
