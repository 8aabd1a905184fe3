import { BugError, UnavailableError } from "@base/errors";
import type { Exports } from "../ops/op.ts";
import { kernelModule } from "../wasm/kernels.ts";
import { awaitDone, CONTROL, type Labour, labour } from "./labour.ts";
import { canSleep, sharedPool } from "./pool.ts";
import { type Tape, TASK } from "./tape.ts";

const forgotten = new FinalizationRegistry<number>((id) => sharedPool().drop(id));

/** One program's tape, played by the calling thread together with helpers from this thread's pool. */
export class Team {
  readonly #labour: Labour;
  readonly #helpers: number;
  readonly #id: number;
  readonly #tasks: number;

  /** `helpers` threads besides the calling one are asked for; the calling one finishes everything itself if none comes. */
  constructor(tape: Tape, memory: WebAssembly.Memory, exports: Exports, helpers: number, patience?: number) {
    const control = new Int32Array(new SharedArrayBuffer(CONTROL.length * 4));
    this.#tasks = tape.tasks.length / TASK;
    Atomics.store(control, CONTROL.next, this.#tasks);
    const functions = tape.names.map((name) => exports[name] as (...args: number[]) => void);
    this.#labour = { ...tape, control, functions, sleeps: canSleep(), ...(patience === undefined ? {} : { patience }) };
    this.#helpers = helpers;
    this.#id = sharedPool().add({ ...tape, module: kernelModule(true), memory, control }, helpers);
    forgotten.register(this, this.#id);
  }

  /** Plays the whole tape; throws BugError when a kernel trapped and UnavailableError when a thread was lost. */
  run(): void {
    const { control } = this.#labour;
    Atomics.store(control, CONTROL.failed, 0);
    Atomics.store(control, CONTROL.done, 0);
    Atomics.store(control, CONTROL.next, 0);
    sharedPool().ring(this.#id, this.#helpers);
    const thrown = labour(this.#labour, false);
    const finished = awaitDone(this.#labour, this.#tasks);
    const failed = Atomics.load(control, CONTROL.failed);
    if (!finished || failed < 0)
      throw new UnavailableError("A thread of the engine was lost in the middle of a program.", {
        hints: ["Run it again, or with one thread."],
      });
    if (failed > 0)
      throw new BugError(`Task ${failed - 1} of ${this.#tasks} of a program failed in a kernel.`, { cause: thrown });
  }

  /** Resolves when every helper is ready to take tasks; throws UnavailableError when one cannot start. */
  async ready(): Promise<void> {
    await sharedPool().ready(this.#id, this.#helpers);
  }

  /** Tasks that helpers have taken off the calling thread so far. */
  get helped(): number {
    return Atomics.load(this.#labour.control, CONTROL.helped);
  }
}
