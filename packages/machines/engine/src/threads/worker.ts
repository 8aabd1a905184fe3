import { BELL, HOT_MS, type ToHelper } from "./bell.ts";
import { type Labour, labour } from "./labour.ts";

// Runs in a worker thread of Node or in a worker of a page; the pool sends it programs and rings for help.

interface Port {
  postMessage(message: unknown): void;
}

const node = globalThis.process?.getBuiltinModule?.("node:worker_threads");
const port: Port = (node?.parentPort ?? globalThis) as unknown as Port;

let bell: Int32Array | undefined;
let self = 0;
const programs = new Map<number, Labour>();

/** Helps with whatever is rung for until nobody has rung for a while. */
function serve(rung: Int32Array): void {
  let seen: number;
  do {
    Atomics.store(rung, BELL.hot + self, 1);
    for (;;) {
      seen = Atomics.load(rung, BELL.count);
      const program = programs.get(Atomics.load(rung, BELL.program));
      if (program === undefined) break;
      labour(program, true);
      if (Atomics.wait(rung, BELL.count, seen, HOT_MS) === "timed-out") break;
    }
    Atomics.store(rung, BELL.hot + self, 0);
    // Whoever rang while this thread still looked awake has sent no message.
  } while (Atomics.load(rung, BELL.count) !== seen && programs.has(Atomics.load(rung, BELL.program)));
}

function receive(message: ToHelper): void {
  if (message.kind === "start") {
    bell = message.bell;
    self = message.self;
  } else if (message.kind === "program") {
    const { exports } = new WebAssembly.Instance(message.module, { env: { memory: message.memory } });
    const functions = message.names.map((name) => exports[name] as (...args: number[]) => void);
    programs.set(message.id, { ...message, functions, sleeps: true });
    port.postMessage({ kind: "ready", id: message.id });
    if (bell !== undefined) serve(bell);
  } else if (message.kind === "drop") {
    programs.delete(message.id);
  } else if (bell !== undefined) {
    Atomics.store(bell, BELL.called + self, 0);
    serve(bell);
  }
}

if (node?.parentPort) node.parentPort.on("message", receive);
else globalThis.addEventListener("message", (event) => receive((event as MessageEvent<ToHelper>).data));
