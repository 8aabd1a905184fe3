// Small runs, and a replay that lies where it is told to.
import { canonicalise, bitsOf } from "@machines/engine/bits.ts";
import { referenceOf } from "@machines/engine/commit/lowered.ts";
import { gradients } from "@machines/engine/graph/autodiff.ts";
import { Builder } from "@machines/engine/graph/build.ts";
import { sizeOf } from "@machines/engine/graph/ir.ts";
import type { Tensor } from "@machines/engine/ops/op.ts";
import { randomWord } from "@machines/engine/random/philox.ts";
import { meanCrossEntropy } from "@machines/engine/train/losses.ts";
import { adam, sgd } from "@machines/engine/train/optimizers.ts";
import { Replay, type Run } from "../src/replay.ts";

export interface Shape {
  readonly widths: readonly number[];
  readonly batch: number;
  readonly rows: number;
  readonly steps: number;
  readonly rate?: number;
  readonly optimizer?: "sgd" | "adam";
}

/** A perceptron with relu between layers, cross-entropy, and its whole training. */
export function perceptron({ widths, batch, rows, steps, rate = 0.05, optimizer = "sgd" }: Shape): Run {
  const b = new Builder();
  const [inputs, outputs] = [widths[0] as number, widths.at(-1) as number];
  const x = b.input("x", [batch, inputs], "data");
  const t = b.input("t", [batch, outputs], "data");
  const names: string[] = [];
  for (let layer = 0; layer + 1 < widths.length; layer++) {
    names.push(b.input(`w${layer}`, [widths[layer] as number, widths[layer + 1] as number], "param"));
    names.push(b.input(`b${layer}`, [1, widths[layer + 1] as number], "param"));
  }
  let value = x;
  for (let layer = 0; layer + 1 < widths.length; layer++) {
    value = b.op("add", [b.op("matmul", [value, `w${layer}`]), `b${layer}`]);
    if (layer + 2 < widths.length) value = b.op("relu", [value]);
  }
  const loss = meanCrossEntropy(b, value, t);
  b.output("loss", loss);
  (optimizer === "adam" ? adam : sgd)(b, names, gradients(b, loss, names), rate);
  const graph = b.finish();
  const draw = (count: number, salt: number) =>
    Float32Array.from({ length: count }, (_, i) => randomWord(7, 9, salt, 0, i) / 2 ** 31 - 1);
  const labels = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) labels[row * outputs + (randomWord(7, 9, 3, 0, row) % outputs)] = 1;
  let layer = 0;
  const first = graph.inputs
    .filter(({ role }) => role !== "data")
    .map(({ name, shape }) => {
      if (name.startsWith("w"))
        return {
          kind: "uniform" as const,
          bits: bitsOf(Math.fround(Math.sqrt(6 / (shape[0] as number)))),
          index: layer++,
        };
      return { kind: "fill" as const, bits: name.startsWith("power") ? 0x3f800000 : 0 };
    });
  const stepsPerEpoch = Math.floor(rows / batch);
  return {
    graph,
    data: [draw(rows * inputs, 1), labels],
    rows,
    batch,
    steps,
    stepsPerEpoch,
    seed: 5,
    orderSeed: 6,
    first,
  };
}

/** What a liar changes: values of a step as they are computed, so that all that follows agrees with the lie. */
export interface Lie {
  /** Agreed state of the step; 0 lies about the first values. */
  readonly low: number;
  /** Index of the value. */
  readonly value: number;
  readonly change: (values: Float32Array) => void;
}

/** The next binary32 number above. */
export function ulp(values: Float32Array, index: number): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  words[index] = (words[index] as number) + 1;
}

/** Runs honestly but for its lies, and goes on from them as if they were true. */
export class LyingReplay extends Replay {
  readonly #lies: readonly Lie[];

  constructor(run: Run, lies: readonly Lie[]) {
    super(run);
    this.#lies = lies;
  }

  protected override isPlain(low: number): boolean {
    return !this.#lies.some((lie) => lie.low === low);
  }

  protected override initial(): readonly Float32Array[] {
    const values = super.initial().map((tensor) => tensor.slice());
    for (const { low, value, change } of this.#lies) if (low === 0) change(values[value] as Float32Array);
    return values;
  }

  protected override execute(low: number, given: Readonly<Record<string, Float32Array>>): readonly Float32Array[] {
    if (this.isPlain(low)) return super.execute(low, given) as readonly Float32Array[];
    const tensors: Tensor[] = [];
    this.program.values.forEach(({ name, shape, op, inputs, attributes, constant }, index) => {
      const values =
        op === undefined
          ? ((constant ?? given[name]) as Float32Array).slice()
          : canonicalise(
              referenceOf(op).compute(
                inputs.map((input) => tensors[input] as Tensor),
                attributes,
              ),
            );
      for (const lie of this.#lies) if (lie.low === low && lie.value === index) lie.change(values);
      tensors.push({ shape, values: values.subarray(0, sizeOf(shape)) });
    });
    return tensors.map(({ values }) => values);
  }
}
