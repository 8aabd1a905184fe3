import { TASK } from "./tape.ts";

// Played by the calling thread and by its helpers alike, so it knows neither workers nor pages.

/** Places in a program's control block, each on a cache line of its own: next task, tasks done, first that failed, tasks done by helpers. */
export const CONTROL = { next: 0, done: 16, failed: 32, helped: 48, length: 64 } as const;

/** How often a thread looks again before it sleeps: some tens of microseconds. */
const SPINS = 40000;
/** A thread that sees no task finished for so long (ms) gives up: whoever held it has died. */
export const PATIENCE = 60_000;

/** A tape with what one thread needs to play it. */
export interface Labour {
  readonly control: Int32Array;
  readonly calls: Int32Array;
  readonly tasks: Int32Array;
  /** Kernel functions of this thread's instance, by index. */
  readonly functions: readonly ((...args: number[]) => void)[];
  /** False where a thread may not sleep: the main thread of a page. */
  readonly sleeps: boolean;
  /** How long (ms) nothing may be finished before a thread counts as lost; {@link PATIENCE} unless said. */
  readonly patience?: number;
}

/** Plays calls `from` to `to`. */
function play({ calls, functions }: Labour, from: number, to: number): void {
  const c = calls as unknown as number[];
  let at = from;
  while (at < to) {
    const run = functions[c[at] as number] as (...args: (number | undefined)[]) => void;
    const a = at + 2;
    at = a + (c[at + 1] as number);
    // Places beyond a call's own arguments are ignored by the function; a spread would cost more than small kernels do.
    if (at - a <= 4) run(c[a], c[a + 1], c[a + 2], c[a + 3]);
    else if (at - a <= 8) run(c[a], c[a + 1], c[a + 2], c[a + 3], c[a + 4], c[a + 5], c[a + 6], c[a + 7]);
    else if (at - a <= 12)
      run(
        c[a],
        c[a + 1],
        c[a + 2],
        c[a + 3],
        c[a + 4],
        c[a + 5],
        c[a + 6],
        c[a + 7],
        c[a + 8],
        c[a + 9],
        c[a + 10],
        c[a + 11],
      );
    else run(...calls.subarray(a, at));
  }
}

/** Waits until `count` tasks of this run are done; false when nothing moved for too long. */
export function awaitDone({ control, sleeps, patience = PATIENCE }: Labour, count: number): boolean {
  for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(control, CONTROL.done) >= count) return true;
  let [seen, since] = [-1, performance.now()];
  for (;;) {
    const done = Atomics.load(control, CONTROL.done);
    if (done >= count) return true;
    if (done !== seen) [seen, since] = [done, performance.now()];
    else if (performance.now() - since > patience) return false;
    if (sleeps) Atomics.wait(control, CONTROL.done, done, Math.min(patience, 1000));
  }
}

/**
 * Takes tasks in their order until none is left. A task waits for all earlier stages and never for another of its
 * own stage, so whoever holds the earliest task can always go on. Returns what a kernel threw, if one did.
 */
export function labour(work: Labour, helper: boolean): unknown {
  const { control, tasks } = work;
  const count = tasks.length / TASK;
  let thrown: unknown;
  for (;;) {
    const task = Atomics.add(control, CONTROL.next, 1);
    if (task >= count) return thrown;
    const [from, to] = [tasks[task * TASK] as number, tasks[task * TASK + 1] as number];
    const [before, end] = [tasks[task * TASK + 2] as number, tasks[task * TASK + 3] as number];
    const inTime = awaitDone(work, before);
    try {
      if (Atomics.load(control, CONTROL.failed) === 0 && inTime) play(work, from, to);
    } catch (error) {
      thrown = error;
      Atomics.compareExchange(control, CONTROL.failed, 0, task + 1);
    }
    if (!inTime) Atomics.compareExchange(control, CONTROL.failed, 0, -1);
    if (helper) Atomics.add(control, CONTROL.helped, 1);
    if (Atomics.add(control, CONTROL.done, 1) + 1 === end) Atomics.notify(control, CONTROL.done);
  }
}
