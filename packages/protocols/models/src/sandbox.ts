import { Worker } from "node:worker_threads";
import { BaseError, type ErrorOptions, UnavailableError } from "@base/errors";
import type { TaskName, Tasks } from "./tasks.ts";

/** A model took longer than it was given. */
export class ModelTimeError extends UnavailableError {
  override name = "ModelTimeError";
}

/** What a model's run ended with inside its thread, told by the name it had there. */
export class ModelRunError extends BaseError {
  constructor(name: string, message: string, options: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** How an error crosses from one thread to another. */
export interface Told {
  readonly name: string;
  readonly message: string;
  readonly kind?: ErrorOptions["kind"];
  readonly hints?: readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Seconds that one task may take unless said otherwise. */
export const TASK_SECONDS = 120;
/** Megabytes of JavaScript heap of one task; tensors in typed arrays are bound by the engine's own limits. */
const HEAP = 3072;

/** Tasks after which a thread is replaced. */
const MAX_TASKS = 256;

interface Thread {
  readonly worker: Worker;
  tasks: number;
}

/** A thread that waits for its next task: starting one costs more than most tasks. */
let idle: Thread | undefined;

function takeThread(): Thread {
  const waiting = idle;
  idle = undefined;
  if (waiting !== undefined) return waiting;
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP },
  });
  return { worker, tasks: 0 };
}

function giveBack(thread: Thread): void {
  thread.worker.removeAllListeners();
  if (idle !== undefined || ++thread.tasks >= MAX_TASKS) {
    void thread.worker.terminate();
    return;
  }
  // What ends a thread that nobody uses is no task's failure.
  thread.worker.once("error", () => {
    if (idle === thread) idle = undefined;
  });
  thread.worker.unref();
  idle = thread;
}

/**
 * Runs one task on a model in another thread, which is ended when time runs out, so that no file can hold up the node.
 * Throws ModelTimeError, ModelRunError (with the name of the engine's own error), or the reason of `signal`.
 */
export function inSandbox<K extends TaskName>(
  name: K,
  given: Parameters<Tasks[K]>[0],
  { signal, seconds = TASK_SECONDS }: { readonly signal?: AbortSignal; readonly seconds?: number },
): Promise<Awaited<ReturnType<Tasks[K]>>> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const thread = takeThread();
    const { worker } = thread;
    worker.removeAllListeners();
    worker.ref();
    const settle = (done: () => void, keep = false): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      if (keep) giveBack(thread);
      else {
        worker.removeAllListeners();
        worker.on("error", () => undefined);
        void worker.terminate();
      }
      done();
    };
    const stop = (): void => settle(() => reject(signal?.reason));
    const timer = setTimeout(() => {
      const hints = ["Give it more with --seconds, or a smaller input."];
      settle(() => reject(new ModelTimeError(`The model was stopped after ${seconds} seconds.`, { hints })));
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
    worker.once("message", (message: { result?: unknown; error?: Told }) => {
      settle(() => {
        if (message.error === undefined) resolve(message.result as Awaited<ReturnType<Tasks[K]>>);
        else reject(errorOf(message.error));
      }, true);
    });
    worker.once("error", (cause) => settle(() => reject(threadError(cause))));
    worker.postMessage({ name, given });
  });
}

function threadError(cause: unknown): ModelRunError {
  if ((cause as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY")
    return new ModelRunError("OnnxLimitError", `The model took more than ${HEAP} MB of memory.`, { cause });
  return new ModelRunError("ModelRunError", "The model's thread failed.", { cause, kind: "bug" });
}

function errorOf({ name, message, kind, hints, data }: Told): ModelRunError {
  return new ModelRunError(name, message, {
    kind: kind ?? "bug",
    ...(hints === undefined ? {} : { hints: [...hints] }),
    ...(data === undefined ? {} : { data: { ...data } }),
  });
}
