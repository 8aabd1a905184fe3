import { sizeOf } from "../src/graph/ir.ts";
import { Program } from "../src/graph/program.ts";
import { STREAM, uniform } from "../src/random/philox.ts";
import type { Network } from "./networks.ts";
import { QuietRounds } from "./quiet.ts";

/** One side of a comparison. */
export interface Side {
  readonly run: () => void | Promise<void>;
  /** What the last run gave. */
  readonly answer: () => Float32Array;
}

/** The middle of the values. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** What {@link versus} measured. */
export interface Times {
  /** Milliseconds per run, medians. */
  readonly ours: number;
  readonly theirs: number;
  /** Median of theirs / ours, round by round: what slows a whole round down falls out. */
  readonly ratio: number;
  /** Which rounds these medians are of, in words. */
  readonly rounds: string;
}

/** How {@link versus} takes turns. */
export interface Turns {
  /** Runs of one side that follow each other and count, by their median; two more before them do not. One unless said. */
  readonly runs?: number;
  /** Milliseconds of rest before a side's turn: threads of the other may spin on for tens of milliseconds. */
  readonly rest?: number;
}

/** Milliseconds of one turn of one side. */
async function turn({ run }: Side, { runs = 1, rest = 0 }: Turns, watch: QuietRounds): Promise<number> {
  if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  if (runs > 1) for (let warm = 0; warm < 2; warm++) await run();
  const times: number[] = [];
  while (times.length < runs) {
    watch.start();
    await run();
    times.push(watch.stop());
  }
  return median(times);
}

/** Seconds after which no further round begins, when those that are wanted are over. */
const SECONDS = 45;
/** Fewest rounds that a median is taken of. */
const FEWEST = 9;

function compareAnswers(a: Float32Array, b: Float32Array): void {
  const size = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const apart = a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] as number))), 0);
  if (a.length !== b.length || !(apart <= 1e-3 * Math.max(1, size)))
    throw new Error(`the two answers lie ${apart} apart, their size is ${size}`);
}

/**
 * Both sides in turn in one process, after three rounds to warm up, until `rounds` rounds were undisturbed (see
 * {@link QuietRounds}), or time is up; the medians are of those, or of the least disturbed when there are too few.
 * Throws when the sides' answers lie apart.
 */
export async function versus(ours: Side, theirs: Side, rounds: number, turns: Turns = {}): Promise<Times> {
  const watch = new QuietRounds();
  const times: [number[], number[]] = [[], []];
  const start = performance.now();
  for (let round = -3; ; round++) {
    watch.look();
    const first = await turn(ours, turns, watch);
    watch.look();
    const second = await turn(theirs, turns, watch);
    watch.look();
    watch.end(round >= 0);
    if (round < 0) continue; // warm-up
    times[0].push(first);
    times[1].push(second);
    if (round + 1 < rounds) continue;
    if (watch.quiet().length >= rounds || performance.now() - start > SECONDS * 1000) break;
  }
  compareAnswers(ours.answer(), theirs.answer());
  const all = times[0].length;
  const quiet = watch.quiet();
  const taken = quiet.length >= FEWEST ? quiet : watch.least(FEWEST);
  const of = (values: readonly number[]) => taken.map((round) => values[round] as number);
  const [a, b] = [of(times[0]), of(times[1])];
  const kind = quiet.length >= FEWEST ? "undisturbed" : "least disturbed";
  return {
    ours: median(a),
    theirs: median(b),
    ratio: median(a.map((time, index) => (b[index] as number) / time)),
    rounds: `${taken.length} ${kind} of ${all}`,
  };
}

/** Input values of a network. */
export function inputOf({ input }: Network): Float32Array {
  return uniform(sizeOf(input), 1, 3, STREAM.init, 77);
}

/** The network on Assay. */
export async function assaySide(net: Network, threads: number): Promise<Side> {
  const program = new Program(net.graph, { threads });
  for (const { name, values } of net.weights) program.write(name, values);
  program.write("x", inputOf(net));
  await program.ready();
  return { run: () => program.run(), answer: () => program.read("y") };
}

interface Runtime {
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => unknown;
}

interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { data: unknown }>>;
}

/** The network on an ONNX runtime. */
export async function onnxSide(runtime: unknown, net: Network, options: object): Promise<Side> {
  const { InferenceSession, Tensor } = runtime as Runtime;
  const session = await InferenceSession.create(net.onnx, options);
  const feeds = { x: new Tensor("float32", inputOf(net), net.input) };
  let last = new Float32Array();
  return {
    run: async () => {
      const [output] = Object.values(await session.run(feeds));
      last = output?.data as Float32Array<ArrayBuffer>;
    },
    answer: () => last,
  };
}
