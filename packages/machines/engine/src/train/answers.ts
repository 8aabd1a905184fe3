import type { NamedTensor } from "../commit/roots.ts";
import { Program } from "../graph/program.ts";
import type { Graph } from "../graph/ir.ts";

/** Samples that are answered at once. */
const ROWS = 64;

/** Answers of a network for many samples; the bits of an answer do not depend on its neighbours. */
export class BatchAnswers {
  readonly #program: Program;
  readonly #width: number;
  readonly #rows: number;

  constructor(graphFor: (rows: number) => Graph, width: number, most: number) {
    this.#rows = Math.max(1, Math.min(ROWS, most));
    this.#program = new Program(graphFor(this.#rows));
    this.#width = width;
  }

  /** Takes over the parameters of a model. */
  load(tensors: readonly Pick<NamedTensor, "name" | "values">[]): void {
    for (const { name, values } of tensors) this.#program.write(name, values);
  }

  /** Answers [samples, outputs] for inputs [samples, width], row-major. */
  predict(x: Float32Array): Float32Array {
    const [rows, width] = [this.#rows, this.#width];
    const count = x.length / width;
    const held = new Float32Array(rows * width);
    let answers = new Float32Array();
    for (let from = 0; from < count; from += rows) {
      const to = Math.min(count, from + rows);
      held.set(x.subarray(from * width, to * width));
      this.#program.write("x", held);
      this.#program.run();
      const output = this.#program.read("output");
      const outputs = output.length / rows;
      if (answers.length === 0) answers = new Float32Array(count * outputs);
      answers.set(output.subarray(0, (to - from) * outputs), from * outputs);
    }
    return answers;
  }
}

/** Inputs of the chosen samples, side by side. */
export function gather(x: Float32Array, width: number, chosen: readonly number[]): Float32Array {
  const taken = new Float32Array(chosen.length * width);
  chosen.forEach((sample, row) => {
    taken.set(x.subarray(sample * width, (sample + 1) * width), row * width);
  });
  return taken;
}
