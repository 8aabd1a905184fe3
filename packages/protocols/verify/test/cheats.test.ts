// Ways to cheat, each by its name. In every one the honest side wins and is no worse off than before. Rules D5 to D14.
import type { Hash } from "@base/bytes/hash.ts";
import { bytesToHex, hexToBytes } from "@base/bytes/hex.ts";
import { leafHash, merkleRootOfHashes } from "@base/bytes/merkle.ts";
import { toBytes } from "@machines/engine/bits.ts";
import { ProgramTree } from "@machines/engine/commit/programRoot.ts";
import { type Hex, keccak256, toHex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobHash } from "../src/job.ts";
import { attack, defend, evidence, type Move, type Position } from "../src/moves.ts";
import { childPath, childrenOf } from "../src/nodes.ts";
import { Replay, type Run, type Trace } from "../src/replay.ts";
import { Arena, attacking, defending, honest, type Outcome, type Player } from "./arena.ts";
import { type Lie, LyingReplay, perceptron, ulp } from "./runs.ts";

const SHAPE = { widths: [300, 4, 3], batch: 4, rows: 24, steps: 20 };
const run = perceptron(SHAPE);
const truth = new Replay(run);
let arena: Arena;
beforeAll(async () => {
  arena = await Arena.open();
}, 60_000);
afterAll(() => arena?.close());

const find = (name: string, replay: Replay = truth) => replay.program.values.findIndex((value) => value.name === name);
const nodeOf = (op: string, replay: Replay = truth) => replay.program.values.findIndex((value) => value.op === op);
const updated = (name: string, replay: Replay = truth) => replay.program.values[find(name, replay)]?.update as number;
const lying = (lie: Lie, of: Run = run) => new LyingReplay(of, [lie]);
/** A lie that might round away, and another after it that does not. */
const surely = (lie: Lie, of: Run = run) =>
  new LyingReplay(of, [lie, { low: lie.low, value: updated("b1"), change: (v) => v.fill(2) }]);
/** Another run under the true one's name. */
const impostor = (of: Run, real: Replay = truth): Replay =>
  Object.assign(new Replay(of), { job: real.job, jobHash: real.jobHash, tree: real.tree });
const noise = (salt: string): Hash => keccak256(toHex(salt));
const silentAt =
  (phase: string, player: Player): Player =>
  (position) =>
    position.phase === phase ? undefined : player(position);
const insteadOf =
  (phase: string, player: Player, change: (move: Move, position: Position) => Move): Player =>
  (position) => {
    const move = player(position);
    return move && position.phase === phase ? change(move, position) : move;
  };
const argument = (move: Move, at: number, value: unknown): Move => ({
  ...move,
  args: move.args.map((given, index) => (index === at ? value : given)),
});

/** An honest challenger against a claim that is wrong. */
async function caught(liar: Replay, defender: Player = defending(liar), real: Replay = truth): Promise<Outcome> {
  const before = await arena.wealth(arena.challenger);
  const { stand } = await arena.claim(real.jobHash, liar.result);
  const { position } = await arena.challenge(stand, liar.result, real);
  const outcome = await arena.play(position, defender, honest(attacking(real)));
  expect(outcome.winner).toBe("CHALLENGER_WINS");
  expect(await arena.wealth(arena.challenger)).toBeGreaterThan(before);
  expect(await statusOf(stand, liar.result, real)).toBe(3);
  return outcome;
}

/** An honest defender against whatever a challenger does. */
async function withstood(challenger: Player, real: Replay = truth): Promise<Outcome> {
  const before = await arena.wealth(arena.defender);
  const { stand } = await arena.claim(real.jobHash, real.result);
  const { position } = await arena.challenge(stand, real.result, real);
  const outcome = await arena.play(position, honest(defending(real)), challenger);
  expect(outcome.winner).toBe("DEFENDER_WINS");
  expect(await arena.wealth(arena.defender)).toBeGreaterThan(before);
  return outcome;
}

const statusOf = (stand: bigint, result: Hash, real: Replay = truth) =>
  arena.chain.read(arena.disputes, "statusOf", [arena.defender.address, stand, real.jobHash, result]);

describe("wrong numbers", () => {
  const cases: [string, () => Replay][] = [
    [
      "wrong element: a weight off by one ulp",
      () => lying({ low: 9, value: updated("w0"), change: (v) => ulp(v, 777) }),
    ],
    [
      "wrong element: the first of the first leaf",
      () => lying({ low: 9, value: updated("w0"), change: (v) => ulp(v, 0) }),
    ],
    [
      "odd leaf counts: the last element of a short last leaf",
      () => lying({ low: 9, value: updated("w0"), change: (v) => ulp(v, 1199) }),
    ],
    ["wrong step: the first", () => lying({ low: 1, value: updated("w1"), change: (v) => ulp(v, 2) })],
    ["wrong step: the last", () => lying({ low: 20, value: updated("w1"), change: (v) => ulp(v, 2) })],
    ["wrong matrix product", () => surely({ low: 5, value: nodeOf("matmulT"), change: (v) => ulp(v, 3) })],
    ["wrong transposed operand", () => surely({ low: 5, value: nodeOf("transpose"), change: (v) => ulp(v, 3) })],
    ["wrong activation", () => surely({ low: 5, value: nodeOf("relu"), change: (v) => v.fill(0.5) })],
    ["wrong column sum", () => surely({ low: 5, value: nodeOf("colsumT"), change: (v) => ulp(v, 0) })],
    ["wrong exponential", () => surely({ low: 5, value: nodeOf("exp"), change: (v) => ulp(v, 4) })],
    ["wrong row sum", () => surely({ low: 5, value: nodeOf("rowsum"), change: (v) => ulp(v, 1) })],
    [
      "negative zero where zero belongs",
      () =>
        surely({
          low: 5,
          value: nodeOf("relu"),
          change: (v) =>
            v.forEach((x, i) => {
              if (x === 0) v[i] = -0;
            }),
        }),
    ],
    ["a number that is none", () => lying({ low: 5, value: updated("b1"), change: (v) => v.fill(Number.NaN) })],
    ["an infinity", () => lying({ low: 5, value: updated("b1"), change: (v) => v.fill(Number.POSITIVE_INFINITY) })],
    [
      "a subnormal flushed in",
      () =>
        surely({
          low: 5,
          value: nodeOf("relu"),
          change: (v) =>
            v.forEach((x, i) => {
              if (x === 0) v[i] = 1e-45;
            }),
        }),
    ],
    ["wrong initial weight", () => lying({ low: 0, value: 0, change: (v) => ulp(v, 1100) })],
    ["wrong initial bias", () => lying({ low: 0, value: 1, change: (v) => ulp(v, 0) })],
  ];
  test.each(cases)("%s", async (_, make) => {
    const outcome = await caught(make());
    expect(outcome.moves.at(-1)?.move).toBe("prove");
    expect(outcome.computed?.claimed).not.toBe(outcome.computed?.truth);
  });
});

describe("wrong job", () => {
  const changed = (index: number): Run => {
    const data = run.data.map((values) => values.slice());
    const values = data[index] as Float32Array;
    values.fill(0.25);
    return { ...run, data };
  };
  const cases: [string, () => Replay][] = [
    ["wrong batch order", () => impostor({ ...run, orderSeed: 7 })],
    ["wrong seed", () => impostor({ ...run, seed: 6 })],
    ["wrong learning rate", () => impostor(perceptron({ ...SHAPE, rate: 0.051 }))],
    [
      "wrong initial weights",
      () => impostor({ ...run, first: run.first.map((f, i) => (i === 2 ? { kind: "fill", bits: 1 } : f)) }),
    ],
    ["wrong data batch: other samples", () => impostor(changed(0))],
    ["wrong data batch: other labels", () => impostor(changed(1))],
    [
      "wrong graph: a step that adds what it should take away",
      () => {
        const nodes = run.graph.nodes.map((node) =>
          node.op === "sub" && node.inputs[0] === "w0" ? { ...node, op: "add" } : node,
        );
        return impostor({ ...run, graph: { ...run.graph, nodes } });
      },
    ],
    [
      "wrong graph: another activation",
      () => {
        const nodes = run.graph.nodes.map((node) => (node.op === "relu" ? { ...node, op: "tanh" } : node));
        return impostor({ ...run, graph: { ...run.graph, nodes } });
      },
    ],
    [
      "too few steps: an early state as the result",
      () => {
        const liar = new Replay(run);
        const early = liar.rootAt(15);
        const given = liar.rootAt.bind(liar);
        return Object.assign(liar, { rootAt: (low: number) => (low > 15 ? early : given(low)) });
      },
    ],
  ];
  test.each(cases)("%s", async (_, make) => {
    await caught(make());
  });

  test("optimiser state: a moment, and a running power", async () => {
    const of = perceptron({ widths: [5, 3], batch: 2, rows: 8, steps: 6, optimizer: "adam" });
    const real = new Replay(of);
    for (const name of ["m.w0", "v.w0", "power1"]) {
      const liar = lying({ low: 3, value: updated(name, real), change: (v) => ulp(v, 0) }, of);
      await caught(liar, defending(liar), real);
    }
  });

  test("an inference: a wrong answer of a given model", async () => {
    const nodes = run.graph.nodes.slice(0, run.graph.nodes.findIndex(({ op }) => op === "relu") + 1);
    const output = nodes.find(({ op }) => op === "relu")?.output as string;
    const graph = { ...run.graph, nodes, updates: [], outputs: [{ name: "answer", value: output }] };
    const used = new Set(nodes.flatMap(({ inputs }) => inputs));
    const inputs = graph.inputs.filter(({ name }) => used.has(name));
    const constants = graph.constants.filter(({ name }) => used.has(name));
    const states = inputs.filter(({ role }) => role === "param");
    const trained = truth.stateAt(21);
    const of: Run = {
      ...run,
      graph: { ...graph, inputs, constants },
      data: [(run.data[0] as Float32Array).slice(0, 1200)],
      rows: 4,
      steps: 1,
      stepsPerEpoch: 0,
      first: states.map(({ name }) => ({
        kind: "given" as const,
        values: trained[["w0", "b0"].indexOf(name)] as Float32Array,
      })),
      output: "answer",
    };
    const real = new Replay(of);
    const liar = lying({ low: 1, value: real.outputIndex(), change: (v) => ulp(v, 5) }, of);
    const outcome = await caught(liar, defending(liar), real);
    expect(outcome.computed?.claimed).not.toBe(outcome.computed?.truth);
    // Nothing of the computation is wrong but what is called its result.
    const other = Object.assign(new Replay(of), { computeRoot: () => noise("answer") });
    await caught(other, defending(other), real);
    // Another model's weights.
    const w0 = { values: trained[0] as Float32Array };
    const swapped = impostor(
      { ...of, first: [{ kind: "given", values: w0.values.map((x) => x + 1) }, ...of.first.slice(1)] },
      real,
    );
    await caught(swapped, defending(swapped), real);
  });
});

describe("forged commitments", () => {
  const target = () => ({ low: 9, value: updated("w0"), change: (v: Float32Array) => ulp(v, 777) });

  test("forged checkpoint: states that are no states", async () => {
    const liar = Object.assign(new Replay(run), {
      rootAt: (low: number) => (low === 0 ? truth.rootAt(0) : noise(`s${low}`)),
    });
    expect((await caught(liar)).moves.at(-1)?.move).toBe("proveRoot");
  });

  test("post-state mapping: right values, and a state that is not theirs", async () => {
    const given = truth.rootAt.bind(truth);
    const liar = Object.assign(new Replay(run), { rootAt: (low: number) => (low > 9 ? noise(`s${low}`) : given(low)) });
    const outcome = await caught(liar);
    expect(outcome.moves.at(-1)?.move).toBe("proveRoot");
  });

  test("an input that the state before does not list", async () => {
    class Swapped extends LyingReplay {
      override valuesOf(low: number): readonly Float32Array[] {
        const values = [...super.valuesOf(low)] as Float32Array[];
        if (low === 9) values[find("w1")] = (values[find("w1")] as Float32Array).map((x) => x * 2);
        return values;
      }
    }
    const outcome = await caught(new Swapped(run, [target()]));
    expect(outcome.moves.at(-1)?.move).toBe("proveRoot");
  });

  const refused: [string, string, (move: Move, position: Position) => Move][] = [
    ["truncated trace: a node too few", "TRACE", (move) => argument(move, 2, (move.args[2] as Hash[]).slice(1))],
    [
      "a trace that does not end in the claimed state",
      "TRACE",
      (move) => argument(move, 2, [...(move.args[2] as Hash[]).slice(0, -1), noise("end")]),
    ],
    [
      "a longer path of states than there are",
      "SPLIT",
      (move) => argument(move, 2, [...(move.args[2] as Hash[]), noise("more")]),
    ],
    [
      "nodes that are not below the chosen one",
      "EXPAND_LEAVES",
      (move) =>
        argument(
          move,
          2,
          (move.args[2] as Hash[]).map(() => noise("n")),
        ),
    ],
    [
      "second preimage on tree shape: grandchildren for children",
      "EXPAND_LEAVES",
      (move) => argument(move, 2, [...(move.args[2] as Hash[]), noise("n")]),
    ],
    [
      "a leaf with other bytes",
      "REVEAL",
      (move) => argument(move, 2, bytesToHex(hexToBytes(move.args[2] as Hex).fill(7))),
    ],
    ["a leaf of another length", "REVEAL", (move) => argument(move, 2, `${move.args[2] as Hex}00000000`)],
    [
      "second preimage on tree shape: an inner node for a leaf",
      "REVEAL",
      (move) => argument(move, 2, `0x${"01".repeat(64)}`),
    ],
    [
      "another game's state",
      "SPLIT",
      (move) => argument(move, 1, { ...(move.args[1] as object), highRoot: noise("h") }),
    ],
  ];
  test.each(refused)("%s", async (_, phase, change) => {
    const liar = lying(target());
    const outcome = await caught(liar, insteadOf(phase, defending(liar), change));
    expect(outcome.moves.at(-1)?.move).toBe("timeout");
  });

  test.each(["SPLIT", "TRACE", "EXPAND_LEAVES", "REVEAL"])("withheld: silence at %s", async (phase) => {
    const liar = lying(target());
    expect((await caught(liar, silentAt(phase, defending(liar)))).moves.at(-1)?.move).toBe("timeout");
  });

  test("wrong Merkle domain: hashes of roots for roots", async () => {
    class Hashed extends LyingReplay {
      override trace(low: number): Trace {
        const { values, leaves } = super.trace(low);
        const wrong = leaves.map((leaf, index) => (index + 1 === leaves.length ? leaf : leafHash(hexToBytes(leaf))));
        return { values, leaves: wrong, root: merkleRootOfHashes(wrong) };
      }
    }
    const liar = new Hashed(run, [target()]);
    expect((await caught(liar)).winner).toBe("CHALLENGER_WINS");
  });

  test("NaN payload tricks: another NaN than the canonical one", async () => {
    const of = {
      ...run,
      data: [(run.data[0] as Float32Array).map((x, i) => (i % 7 === 0 ? Number.NaN : x)), run.data[1] as Float32Array],
    };
    const real = new Replay(of);
    const x = find("t");
    let raw: Uint8Array = new Uint8Array();
    class Payload extends LyingReplay {
      override trace(low: number): Trace {
        const { values, leaves } = super.trace(low);
        raw = toBytes(values[x] as Float32Array);
        raw.set([1, 0, 0xc0, 0x7f], 0);
        const wrong = leaves.map((leaf, index) => (index === x ? leafHash(raw) : leaf));
        return { values, leaves: wrong, root: merkleRootOfHashes(wrong) };
      }
    }
    const liar = new Payload(of, [{ ...target(), low: 1, change: (v) => v.fill(3) }]);
    const revealing = insteadOf("REVEAL", defending(liar), (move) => argument(move, 2, bytesToHex(raw)));
    const outcome = await caught(liar, revealing, real);
    expect(outcome.computed?.claimed).toBe(0x7fc00001n);
  });
});

describe("programs that are not sound", () => {
  /** A claim whose program has one value changed; its challenger finds it out. */
  async function unsound(
    change: (value: (typeof truth.program.values)[number]) => object,
    at: number,
  ): Promise<Outcome> {
    const values = truth.program.values.map((value, i) => (i === at ? { ...value, ...change(value) } : value));
    const tree = new ProgramTree({ ...truth.program, values });
    const job = { ...truth.job, program: tree.root };
    const patch = { tree, job, jobHash: jobHash(job) };
    const real = Object.assign(new Replay(run), patch);
    const liar = Object.assign(lying({ low: 9, value: at, change: (v) => ulp(v, 0) }), patch);
    return caught(liar, defending(liar), real);
  }
  test("shapes that overflow", () => unsound(() => ({ shape: [2 ** 40, 2 ** 40] }), updated("w0")));
  test("shapes that do not fit their operands", () => unsound(() => ({ shape: [300, 5] }), updated("w0")));
  test("an operand that comes after its node", () =>
    unsound(({ inputs }) => ({ inputs: [inputs[0], truth.program.values.length - 1] }), updated("w0")));
  test("an operator that nobody can judge", () => unsound(() => ({ op: "matmulT" }), updated("w0")));

  test("zero-length: a tensor without elements has one root only", async () => {
    const at = nodeOf("relu");
    const values = truth.program.values.map((value, i) => (i === at ? { ...value, shape: [0, 4] } : value));
    const tree = new ProgramTree({ ...truth.program, values });
    const job = { ...truth.job, program: tree.root };
    const patch = { tree, job, jobHash: jobHash(job) };
    const liar = Object.assign(surely({ low: 9, value: at, change: (v) => ulp(v, 0) }), patch);
    const outcome = await caught(liar, defending(liar), Object.assign(new Replay(run), patch));
    expect(outcome.moves.at(-1)?.move).toBe("chooseValue");
  });

  test("a job whose numbers make no sense", async () => {
    for (const bad of [{ steps: 0n }, { batch: 25n, stepsPerEpoch: 1n }, { stepsPerEpoch: 0n }, { rows: 2n ** 40n }]) {
      const job = { ...truth.job, ...bad };
      const before = await arena.wealth(arena.challenger);
      const { stand } = await arena.claim(jobHash(job), noise("r"));
      await arena.write(arena.challenger, "refute", [arena.defender.address, stand, noise("r"), job]);
      expect(await arena.wealth(arena.challenger)).toBeGreaterThan(before);
    }
    const { stand } = await arena.claim(truth.jobHash, truth.result);
    await expect(
      arena.write(arena.challenger, "refute", [arena.defender.address, stand, truth.result, truth.job]),
    ).rejects.toThrow("JobIsSound");
  });
});

describe("a challenger that is wrong", () => {
  const other = () => lying({ low: 9, value: updated("w0"), change: (v) => ulp(v, 777) });
  /** Opens what it likes of the defender's own commitments, so that every move of it is a valid one. */
  const picking =
    (part: number, value: number): Player =>
    (position) => {
      const { id, phase, state, posted } = position;
      const low = Number(state.low);
      if (phase === "CHOOSE_STEP")
        return { functionName: "chooseStep", args: [id, state, posted, BigInt(Math.min(part, posted.length))] };
      if (phase === "CHOOSE_VALUE") return attack(pretending(low, value), position);
      return attack(pretending(low, value), position);
    };
  /** A replay that finds everything as it is but the value. */
  const pretending = (low: number, value: number) => {
    const leaves = truth.trace(low).leaves.map((leaf, i) => (i === value ? noise("pretended") : leaf));
    const values = truth.trace(low).values.map((v, i) => (i === value ? (v as Float32Array).map((x) => x + 1) : v));
    return Object.assign(new Replay(run), { trace: () => ({ values, leaves, root: merkleRootOfHashes(leaves) }) });
  };
  const values: [string, () => number, string][] = [
    ["an element that is right", () => updated("w0"), "prove"],
    ["data that is right", () => find("x"), "prove"],
    ["an input that the state lists", () => find("w0"), "proveRoot"],
    [
      "a constant that is the program's",
      () => truth.program.values.findIndex(({ kind }) => kind === "constant"),
      "chooseValue",
    ],
    ["a state that follows from the values", () => truth.program.values.length, "proveRoot"],
  ];
  test.each(values)("disputes %s", async (_, value, last) => {
    const outcome = await withstood(picking(7, value()));
    expect(outcome.moves.at(-1)?.move).toBe(last);
  });

  test("disputes a right first weight", async () => {
    const outcome = await withstood((position) => {
      if (position.phase === "CHOOSE_STEP")
        return { functionName: "chooseStep", args: [position.id, position.state, position.posted, 0n] };
      return attack(pretending(0, 0), position);
    });
    expect(outcome.moves.at(-1)?.move).toBe("prove");
  });

  const refused: [string, string, (move: Move) => Move][] = [
    ["a part that there is not", "CHOOSE_STEP", (move) => argument(move, 3, 99n)],
    [
      "states that the defender did not give",
      "CHOOSE_STEP",
      (move) =>
        argument(
          move,
          2,
          (move.args[2] as Hash[]).map(() => noise("c")),
        ),
    ],
    ["a node that the defender did not give", "CHOOSE_VALUE", (move) => argument(move, 3, noise("c"))],
    [
      "forged evidence",
      "PROVE_ELEMENT",
      (move) => argument(move, 5, `${(move.args[5] as Hex).slice(0, -64)}${"ab".repeat(32)}`),
    ],
    ["evidence too short", "PROVE_ELEMENT", (move) => argument(move, 5, "0x1234")],
    ["an element outside the leaf", "PROVE_ELEMENT", (move) => argument(move, 2, 1100n)],
    ["a piece of another leaf", "PROVE_ELEMENT", (move) => argument(move, 3, "0x00000000")],
    ["pieces that were not revealed", "PROVE_ELEMENT", (move) => argument(move, 4, [noise("p")])],
    [
      "evidence about another question",
      "PROVE_ELEMENT",
      (move) =>
        argument(
          move,
          5,
          evidence("valuesOf", [truth.job, truth.tree.openHeader().header, truth.tree.openHeader().path]),
        ),
    ],
  ];
  test.each(refused)("brings %s", async (_, phase, change) => {
    const player = picking(7, updated("w0"));
    const outcome = await withstood(insteadOf(phase, player, change));
    expect(outcome.moves.at(-1)?.move).toBe("timeout");
  });

  test.each(["CHOOSE_STEP", "CHOOSE_VALUE", "CHOOSE_LEAF", "PROVE_ELEMENT"])("falls silent at %s", async (phase) => {
    await withstood(silentAt(phase, picking(7, updated("w0"))));
  });

  test("griefing by many challenges: each of them pays the defender", async () => {
    const before = await arena.wealth(arena.defender);
    const { stand } = await arena.claim(truth.jobHash, truth.result);
    for (const by of [arena.challenger, arena.other]) {
      const { position } = await arena.challenge(stand, truth.result, truth, by);
      expect((await arena.play(position, honest(defending(truth)), picking(3, updated("w1")), by)).winner).toBe(
        "DEFENDER_WINS",
      );
      await expect(arena.challenge(stand, truth.result, truth, by)).rejects.toThrow("AlreadyChallenged");
    }
    expect((await arena.wealth(arena.defender)) - before).toBe(70n * 10n ** 18n);
    await arena.chain.dev?.advance(3_601);
    expect(await statusOf(stand, truth.result)).toBe(2);
  });

  test("a claim that is right against somebody who computes something else", async () => {
    await withstood(attacking(other()));
  });
});

describe("around the game", () => {
  const liar = lying({ low: 9, value: updated("w0"), change: (v) => ulp(v, 777) });

  test("late move: refused one second after the clock, and lost", async () => {
    const { stand } = await arena.claim(truth.jobHash, liar.result);
    const { position } = await arena.challenge(stand, liar.result, truth);
    await expect(arena.write(arena.other, "timeout", [position.id, position.state])).rejects.toThrow("InTime");
    await arena.chain.dev?.advance(1_801);
    const move = defend(liar, position) as Move;
    await expect(arena.write(arena.defender, move.functionName, move.args)).rejects.toThrow("OutOfTime");
    await arena.write(arena.other, "timeout", [position.id, position.state]);
    expect(await statusOf(stand, liar.result)).toBe(3);
  });

  test("replay of an old game: its moves open nothing", async () => {
    const { stand } = await arena.claim(truth.jobHash, liar.result);
    const { position } = await arena.challenge(stand, liar.result, truth);
    const first = defend(liar, position) as Move;
    const receipt = await arena.write(arena.defender, first.functionName, first.args);
    await expect(arena.write(arena.defender, first.functionName, first.args)).rejects.toThrow("WrongPhase");
    const next = arena.position(receipt, position) as Position;
    await expect(arena.write(arena.other, "timeout", [next.id, position.state])).rejects.toThrow("WrongState");
    await arena.play(next, defending(liar), honest(attacking(truth)));
    await expect(arena.write(arena.defender, first.functionName, first.args)).rejects.toThrow("WrongPhase");
    await expect(arena.write(arena.other, "timeout", [next.id, next.state])).rejects.toThrow("WrongPhase");
  });

  test("moves of others: neither a stranger nor the other side moves", async () => {
    const { stand } = await arena.claim(truth.jobHash, liar.result);
    const { position } = await arena.challenge(stand, liar.result, truth);
    const move = defend(liar, position) as Move;
    for (const account of [arena.challenger, arena.other])
      await expect(arena.write(account, move.functionName, move.args)).rejects.toThrow("NotYourMove");
    await arena.play(position, defending(liar), honest(attacking(truth)));
  });

  test("equivocation: of two results for one job the false one falls, the true one stays", async () => {
    const [one, two] = [await arena.claim(truth.jobHash, truth.result), await arena.claim(truth.jobHash, liar.result)];
    const { position } = await arena.challenge(two.stand, liar.result, truth);
    await arena.play(position, defending(liar), honest(attacking(truth)));
    await arena.chain.dev?.advance(3_601);
    expect([await statusOf(one.stand, truth.result), await statusOf(two.stand, liar.result)]).toEqual([2, 3]);
  });

  test("an accomplice wins or loses first: another challenger still gets at least what it put up", async () => {
    for (const accomplice of [attacking(truth), silentAt("CHOOSE_STEP", attacking(truth))]) {
      const before = await arena.wealth(arena.challenger);
      const { stand } = await arena.claim(truth.jobHash, liar.result);
      const opened = await arena.challenge(stand, liar.result, truth, arena.other);
      const { position } = await arena.challenge(stand, liar.result, truth);
      await expect(arena.claim(truth.jobHash, truth.result, stand)).rejects.toThrow("StandInUse");
      const first = await arena.play(opened.position, defending(liar), accomplice, arena.other);
      if (first.winner === "CHALLENGER_WINS")
        await arena.write(arena.challenger, "timeout", [position.id, position.state]);
      else await arena.write(arena.challenger, "timeout", [position.id, position.state]);
      expect(await arena.wealth(arena.challenger)).toBeGreaterThanOrEqual(before);
      expect(await statusOf(stand, liar.result)).toBe(3);
    }
  });

  test("self-dispute: who plays both sides loses half of a bond", async () => {
    const before = await arena.wealth(arena.defender);
    const { stand } = await arena.claim(truth.jobHash, liar.result);
    const { position } = await arena.challenge(stand, liar.result, truth, arena.defender);
    await arena.play(position, defending(liar), attacking(truth), arena.defender);
    expect(before - (await arena.wealth(arena.defender))).toBe(350n * 10n ** 18n);
  });

  test("both silent: one of them loses all the same", async () => {
    const { stand } = await arena.claim(truth.jobHash, liar.result);
    const { position } = await arena.challenge(stand, liar.result, truth);
    const outcome = await arena.play(
      position,
      () => undefined,
      () => undefined,
    );
    expect([outcome.winner, outcome.moves.length]).toEqual(["CHALLENGER_WINS", 1]);
  });

  test("taking the bond away: no release, no second use while a claim stands", async () => {
    const { stand } = await arena.claim(truth.jobHash, liar.result);
    await expect(arena.write(arena.defender, "release", [stand])).rejects.toThrow("StandInUse");
    await expect(arena.claim(truth.jobHash, truth.result, stand)).rejects.toThrow("StandInUse");
    await expect(arena.write(arena.other, "finalise", [arena.defender.address, stand])).rejects.toThrow("WindowOpen");
    await arena.chain.dev?.advance(3_601);
    await expect(arena.challenge(stand, liar.result, truth)).rejects.toThrow("WindowOver");
  });

  test("a challenge of what was not claimed", async () => {
    const { stand } = await arena.claim(truth.jobHash, truth.result);
    await expect(arena.challenge(stand, liar.result, truth)).rejects.toThrow("WrongClaim");
    await expect(arena.challenge(99_999n, truth.result, truth)).rejects.toThrow("NotOpen");
  });

  test("children are the parent's, whatever the count", () => {
    for (const count of [1, 2, 63, 64, 65, 100, 257, 1000]) {
      const leaves = Array.from({ length: count }, (_, i) => noise(`l${i}`));
      const children = childrenOf(leaves);
      expect(merkleRootOfHashes(children)).toBe(merkleRootOfHashes(leaves));
      expect(childPath(children, children.length - 1).length).toBeLessThan(7);
    }
  });
});
