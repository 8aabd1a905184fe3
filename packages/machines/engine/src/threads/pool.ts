import { UnavailableError } from "@base/errors";
import { BELL, MOST_HELPERS, type ToHelper } from "./bell.ts";

const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");

/** Whether this place can share memory between threads: Node, or a page that is isolated from other origins. */
export function canShare(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  return threads !== undefined || (typeof Worker !== "undefined" && globalThis.crossOriginIsolated === true);
}

/** Whether the calling thread may sleep on shared memory; the main thread of a page may not. */
export function canSleep(): boolean {
  return threads !== undefined || typeof document === "undefined";
}

/** One worker, of Node or of a page. */
interface Helper {
  post(message: ToHelper): void;
  /** Keeps the process alive while someone waits for an answer. */
  hold(yes: boolean): void;
  stop(): Promise<void>;
}

type Program = Omit<Extract<ToHelper, { kind: "program" }>, "kind" | "id">;

/** The helpers of this thread: started when first wanted, never keeping a process alive, shared by all programs. */
class Pool {
  readonly #bell = new Int32Array(new SharedArrayBuffer(BELL.length * 4));
  readonly #helpers: Helper[] = [];
  readonly #ready = new Map<number, Set<number>>();
  #waiting: (() => void)[] = [];
  #broken: unknown;
  #ids = 0;

  /** Gives the program to `count` helpers and returns its number. */
  add(program: Program, count: number): number {
    const id = ++this.#ids;
    this.#ready.set(id, new Set());
    while (this.#helpers.length < Math.min(count, MOST_HELPERS) && this.#broken === undefined) this.#start();
    for (const helper of this.#helpers.slice(0, count)) helper.post({ kind: "program", id, ...program });
    return id;
  }

  /** Frees what helpers hold of a program that nobody can run any more. */
  drop(id: number): void {
    this.#ready.delete(id);
    for (const helper of this.#helpers) helper.post({ kind: "drop", id });
  }

  /** Calls the first `count` helpers to the program's tasks. */
  ring(id: number, count: number): void {
    Atomics.store(this.#bell, BELL.program, id);
    Atomics.add(this.#bell, BELL.count, 1);
    Atomics.notify(this.#bell, BELL.count);
    this.#helpers.slice(0, count).forEach((helper, self) => {
      if (Atomics.load(this.#bell, BELL.hot + self) === 1) return;
      if (Atomics.exchange(this.#bell, BELL.called + self, 1) === 0) helper.post({ kind: "help" });
    });
  }

  /** Resolves when `count` helpers hold the program; throws UnavailableError when one cannot start. */
  async ready(id: number, count: number): Promise<void> {
    const wanted = Math.min(count, MOST_HELPERS);
    for (const helper of this.#helpers) helper.hold(true);
    try {
      while (this.#broken === undefined && (this.#ready.get(id)?.size ?? wanted) < wanted)
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } finally {
      for (const helper of this.#helpers) helper.hold(false);
    }
    if (this.#broken !== undefined)
      throw new UnavailableError("A thread of the engine could not start; programs run on one thread.", {
        cause: this.#broken,
        details: String(this.#broken),
      });
  }

  /** Ends all helpers; programs go on with the calling thread alone. */
  async stop(): Promise<void> {
    this.#broken ??= "stopped";
    const helpers = this.#helpers.splice(0);
    this.#wake();
    await Promise.all(helpers.map((helper) => helper.stop()));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #start(): void {
    const self = this.#helpers.length;
    const heard = (message: unknown): void => {
      this.#ready.get((message as { id: number }).id)?.add(self);
      this.#wake();
    };
    const failed = (error: unknown): void => {
      this.#broken ??= error;
      void this.stop();
    };
    const helper = threads === undefined ? pageHelper(heard, failed) : nodeHelper(heard, failed);
    helper.post({ kind: "start", bell: this.#bell, self });
    this.#helpers.push(helper);
  }
}

function nodeHelper(heard: (message: unknown) => void, failed: (error: unknown) => void): Helper {
  const NodeWorker = (threads as NonNullable<typeof threads>).Worker;
  const script = "./worker.ts"; // not a literal in the next line: bundlers for pages would take the file along
  const worker = new NodeWorker(new URL(script, import.meta.url), {
    name: "assay-engine",
    execArgv: ["--no-warnings"],
  });
  worker.on("message", heard);
  worker.on("error", failed);
  worker.on("exit", (code) => failed(`A thread of the engine ended (${code}).`));
  worker.unref();
  return {
    post: (message) => worker.postMessage(message),
    hold: (yes) => (yes ? worker.ref() : worker.unref()),
    stop: async () => void (await worker.terminate()),
  };
}

function pageHelper(heard: (message: unknown) => void, failed: (error: unknown) => void): Helper {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "assay-engine" });
  worker.addEventListener("message", (event) => heard(event.data));
  worker.addEventListener("error", (event) => failed(event.message));
  return {
    post: (message) => worker.postMessage(message),
    hold: () => {},
    stop: async () => worker.terminate(),
  };
}

let pool: Pool | undefined;

/** This thread's pool, made when first asked for. */
export function sharedPool(): Pool {
  pool ??= new Pool();
  return pool;
}

/** Ends the threads of the engine, if there are any; the next program with threads starts new ones. */
export async function stopThreads(): Promise<void> {
  const ending = pool;
  pool = undefined;
  await ending?.stop();
}
