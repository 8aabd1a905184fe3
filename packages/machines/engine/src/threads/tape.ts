import type { Exports, Stage } from "../ops/op.ts";

/** A program written down as plain numbers, so that any thread that shares its memory can play any task of it. */
export interface Tape {
  /** Per call: index of the function, number of arguments, arguments. */
  readonly calls: Int32Array;
  /** Per task four numbers: where its calls begin and end, how many tasks must be done before it, and the last task of its stage. */
  readonly tasks: Int32Array;
  /** Names of the kernel functions that calls refer to. */
  readonly names: readonly string[];
}

/** Numbers per task in {@link Tape.tasks}. */
export const TASK = 4;

/** Exports that write down what they are called with instead of doing it. */
export class Recorder {
  readonly names: string[];
  readonly exports: Exports;
  #calls: number[] = [];

  constructor(names: readonly string[]) {
    this.names = [...names];
    this.exports = Object.fromEntries(
      names.map((name, index) => [name, (...args: number[]) => void this.#calls.push(index, args.length, ...args)]),
    );
  }

  /** The tape of `stages`, one after the other; neighbouring stages of one task are joined. */
  tape(stages: readonly Stage[]): Tape {
    const tasks: number[] = [];
    let [before, alone] = [0, false];
    for (const stage of stages) {
      const joins = alone && stage.length === 1;
      if (!joins) before = tasks.length / TASK;
      for (const task of stage) {
        const from = joins ? (tasks.at(-TASK) as number) : this.#calls.length;
        if (joins) tasks.length -= TASK;
        task();
        tasks.push(from, this.#calls.length, before, before + stage.length);
      }
      if (stage.length > 0) alone = stage.length === 1;
    }
    return { calls: Int32Array.from(this.#calls), tasks: Int32Array.from(tasks), names: this.names };
  }
}

/** Cuts 0 to `count` into at most `parts` ranges that begin at multiples of `grain`; none is empty. */
export function ranges(count: number, parts: number, grain = 1): readonly (readonly [from: number, to: number])[] {
  const grains = Math.ceil(count / grain);
  const pieces = Math.max(1, Math.min(parts, grains));
  const edge = (piece: number): number => Math.min(count, Math.floor((piece * grains) / pieces) * grain);
  return Array.from({ length: pieces }, (_, piece) => [edge(piece), edge(piece + 1)] as const);
}
