import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { Builder } from "../src/graph/build.ts";
import { interpret } from "../src/graph/interpret.ts";
import { type Graph, sizeOf } from "../src/graph/ir.ts";
import { planMemory } from "../src/graph/plan.ts";
import { Program } from "../src/graph/program.ts";
import { STREAM, uniform } from "../src/random/philox.ts";
import { labour } from "../src/threads/labour.ts";
import { stopThreads } from "../src/threads/pool.ts";
import { Team } from "../src/threads/team.ts";
import type { Exports } from "../src/ops/op.ts";
import { kernelModule } from "../src/wasm/kernels.ts";
import { Recorder, ranges } from "../src/threads/tape.ts";
import { sha256Hex } from "@base/bytes/hash.ts";
import { train } from "../src/index.ts";
import { WEATHER_RECIPE, weatherTable } from "./weather.ts";
import { build, FORMS, type Form, ordinaryBits, randomBits } from "./bits.ts";

afterAll(stopThreads);

/** Forms that are large enough to be cut into tasks. */
const LARGE: readonly Form[] = [
  { op: "relu", shapes: [[70_001]] },
  { op: "add", shapes: [[70_001], [70_001]] },
  { op: "mul", shapes: [[300, 256], [256]] },
  {
    op: "sub",
    shapes: [
      [300, 256],
      [300, 1],
    ],
  },
  { op: "add", shapes: [[300, 255], [255]] },
  {
    op: "matmul",
    shapes: [
      [130, 300],
      [300, 201],
    ],
  },
  {
    op: "matmul",
    shapes: [
      [700, 600],
      [600, 9],
    ],
  },
  { op: "transpose", shapes: [[333, 201]] },
  { op: "unfold", shapes: [[3, 5, 40, 41]], attrs: { kernel: [3, 3], pads: [1, 1, 1, 1] } },
  { op: "maxpool", shapes: [[3, 9, 40, 41]], attrs: { kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  { op: "avgpool", shapes: [[3, 9, 40, 42]], attrs: { kernel: [2, 2], strides: [2, 2] } },
  {
    op: "conv2d",
    shapes: [
      [2, 8, 30, 31],
      [16, 8, 3, 3],
    ],
    attrs: { pads: [1, 1, 1, 1] },
  },
  {
    op: "conv2d",
    shapes: [
      [2, 32, 20, 21],
      [24, 32, 1, 1],
    ],
  },
  {
    op: "conv2d",
    shapes: [
      [2, 32, 40, 41],
      [32, 1, 3, 3],
    ],
    attrs: { pads: [1, 1, 1, 1], groups: 32 },
  },
  {
    op: "conv2d",
    shapes: [
      [2, 32, 41, 40],
      [32, 1, 3, 3],
    ],
    attrs: { pads: [0, 0, 1, 1], strides: [2, 2], groups: 32 },
  },
];

function graphOf(form: Form): Graph {
  const b = new Builder();
  b.output("y", build(b, form));
  return b.finish();
}

/** The raw bits, so that a NaN which is not canonical shows. */
function hashOf(values: Float32Array): string {
  return sha256Hex(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** Ordinary numbers, drawn fast. */
function quickBits(count: number, seed: number): Float32Array {
  return uniform(count, 4, seed + 1, STREAM.init, 5);
}

function hashOn(graph: Graph, inputs: readonly Float32Array[], threads: number, program?: Program): string {
  const bound = program ?? new Program(graph, { threads });
  for (const [index, input] of inputs.entries()) bound.write(`x${index}`, input);
  bound.run();
  return hashOf(bound.read("y"));
}

test.each(LARGE)("$op gives the reference's bits on 1, 2, 4 and 8 threads", (form) => {
  const graph = graphOf(form);
  for (const draw of [quickBits, randomBits].slice(0, sizeOf(form.shapes[0] ?? []) < 30_000 ? 2 : 1)) {
    const inputs = form.shapes.map((shape, index) => draw(sizeOf(shape), 7 + index));
    const values = Object.fromEntries(inputs.map((input, index) => [`x${index}`, input]));
    const truth = interpret(graph, values).get((graph.outputs[0] as { value: string }).value);
    const expected = hashOf((truth as { values: Float32Array }).values);
    for (const threads of [1, 2, 4, 8]) expect(hashOn(graph, inputs, threads), `${threads}`).toBe(expected);
  }
});

test("every form gives the same bits on one thread and on three", () => {
  for (const [index, form] of FORMS.entries()) {
    const graph = graphOf(form);
    const inputs = form.shapes.map((shape, i) => ordinaryBits(sizeOf(shape), index + i));
    expect(hashOn(graph, inputs, 3), `${form.op} ${JSON.stringify(form.shapes)}`).toBe(hashOn(graph, inputs, 1));
  }
});

test("other threads take tasks, run after run, and the bits stay", async () => {
  const form = LARGE.find(({ op }) => op === "matmul") as Form;
  const graph = graphOf(form);
  const program = new Program(graph, { threads: 4 });
  await program.ready();
  const inputs = form.shapes.map((shape, index) => quickBits(sizeOf(shape), index));
  const expected = hashOn(graph, inputs, 1);
  for (let round = 0; round < 60; round++) expect(hashOn(graph, inputs, 4, program)).toBe(expected);
  expect(program.helped).toBeGreaterThan(0);
});

test("a training on three threads gives the bytes of a training on one", async () => {
  const recipe = { ...WEATHER_RECIPE, model: { kind: "mlp" as const, hidden: [128, 128] }, batch: 128, epochs: 2 };
  const table = weatherTable(800);
  const [one, three] = [await train(table, recipe), await train(table, recipe, { threads: 3 })];
  expect(three.model).toEqual(one.model);
});

test("a number of threads that makes no sense is refused", () => {
  const graph = graphOf({ op: "relu", shapes: [[4]] });
  for (const threads of [0, 17, 1.5, Number.NaN])
    expect(() => new Program(graph, { threads })).toThrow(/1 to 16 threads/);
});

test("programs go on alone when the threads are stopped", async () => {
  const form = LARGE[5] as Form;
  const graph = graphOf(form);
  const program = new Program(graph, { threads: 2 });
  const inputs = form.shapes.map((shape, index) => quickBits(sizeOf(shape), index));
  await program.ready();
  await stopThreads();
  expect(hashOn(graph, inputs, 2, program)).toBe(hashOn(graph, inputs, 1));
});

test("a tape waits for earlier stages, joins stages of one task, and says which task failed", () => {
  const recorder = new Recorder(["a", "b"]);
  const { a, b } = recorder.exports as Record<"a" | "b", (...args: number[]) => void>;
  const tape = recorder.tape([[() => a(1)], [() => b(2)], [() => a(3), () => b(4, 5)], [], [() => a(6)]]);
  expect([...tape.tasks]).toEqual([0, 6, 0, 1, 6, 9, 1, 3, 9, 13, 1, 3, 13, 16, 3, 4]);
  const control = new Int32Array(new SharedArrayBuffer(256));
  const seen: number[][] = [];
  const functions = [
    (...args: number[]) => void seen.push(args),
    () => {
      throw new Error("trap");
    },
  ];
  const thrown = labour({ ...tape, control, functions, sleeps: true }, false);
  expect(String(thrown)).toContain("trap");
  expect(seen).toHaveLength(1);
  expect([control[16], control[32]]).toEqual([4, 1]);
});

test("a kernel that traps on any thread ends the run with a typed error, and the next run is sound", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const { exports } = new WebAssembly.Instance(kernelModule(true), { env: { memory } });
  const recorder = new Recorder(Object.keys(exports));
  const fill = recorder.exports.fill as (...args: number[]) => void;
  const tasks = [0, 1, 2, 3, 4, 5].map((task) => () => fill(task === 3 ? 65_530 : task * 64, 16, task));
  const team = new Team(recorder.tape([tasks, tasks.slice(0, 2)]), memory, exports as unknown as Exports, 2);
  for (let round = 0; round < 3; round++) expect(() => team.run()).toThrow(/Task 3 of 8 of a program failed/);
});

test("a process that used threads ends by itself", async () => {
  const script = `
    const { Program } = await import(${JSON.stringify(new URL("../src/graph/program.ts", import.meta.url).href)});
    const shape = [400, 400];
    const node = { op: "matmul", inputs: ["a", "a"], output: "y" };
    const graph = { version: 1, inputs: [{ name: "a", shape, role: "data" }], constants: [], nodes: [node],
      outputs: [{ name: "y", value: "y" }], updates: [] };
    const program = new Program(graph, { threads: 4 });
    await program.ready();
    program.run();
    console.log("done");`;
  const args = ["--no-warnings", "--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  expect(stdout).toBe("done\n");
});

test("ranges cover everything once", () => {
  for (const [count, parts, grain] of [
    [0, 4, 1],
    [10, 3, 1],
    [17, 4, 8],
    [64, 100, 8],
  ] as const) {
    const cut = ranges(count, parts, grain);
    expect(cut[0]?.[0]).toBe(0);
    expect(cut.at(-1)?.[1]).toBe(count);
    cut.forEach(([from], index) => {
      expect(from % grain).toBe(0);
      if (index > 0) expect(from).toBe(cut[index - 1]?.[1]);
    });
  }
});

test("a helper that dies in the middle of a run ends it with UnavailableError; the process lives and the next run works", async () => {
  // In a process of its own, whose helper leaves its thread for good while it holds the third task that it took.
  const script = `
    import { createRequire } from "node:module";
    const threads = createRequire(import.meta.url)("node:worker_threads");
    const dying = "data:text/javascript," + encodeURIComponent(\`
      const add = Atomics.add;
      let taken = 0;
      Atomics.add = (array, place, by) => {
        const before = add(array, place, by);
        if (array.length === 64 && place === 0 && ++taken === 3) process.exit(7);
        return before;
      };\`);
    const real = threads.Worker;
    threads.Worker = class extends real {
      constructor(url, options) {
        super(url, { ...options, execArgv: [...options.execArgv, "--import", dying] });
      }
    };
    const { Team } = await import(process.argv[1] + "threads/team.ts");
    const { Recorder } = await import(process.argv[1] + "threads/tape.ts");
    const { kernelModule } = await import(process.argv[1] + "wasm/kernels.ts");
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    const { exports } = new WebAssembly.Instance(kernelModule(true), { env: { memory } });
    const recorder = new Recorder(Object.keys(exports));
    const copies = Array.from({ length: 64 }, (_, i) => () => recorder.exports.reshape(i * 32768, 2097152 + i * 32768, 8192));
    const team = new Team(recorder.tape([copies]), memory, exports, 1, 500);
    await team.ready();
    new Float32Array(memory.buffer, 0, 2 ** 19).fill(1.5);
    const ends = [];
    for (let run = 0; run < 6; run++) {
      try {
        team.run();
        ends.push("ran");
      } catch (error) {
        ends.push(error.name);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const copied = new Float32Array(memory.buffer, 2097152, 2 ** 19).every((v) => v === 1.5);
    console.log(JSON.stringify({ ends, copied }));
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--no-warnings", "--input-type=module", "--eval", script],
    new URL("../src/", import.meta.url).href,
  ]);
  const { ends, copied } = JSON.parse(stdout) as { ends: string[]; copied: boolean };
  expect(ends).toContain("UnavailableError");
  expect(ends.filter((end) => end !== "ran")).toEqual(["UnavailableError"]);
  expect(ends.at(-1)).toBe("ran");
  expect(copied).toBe(true);
}, 30_000);

test("products whose panels end a memory of whole pages read ahead without a trap", () => {
  for (const [m, k, n] of [
    [9, 1024, 8],
    [5, 1100, 24],
    [4, 512, 1032],
  ] as const)
    for (const threads of [1, 2]) {
      const made = (spare: number): Graph => {
        const b = new Builder();
        b.input("x2", [spare], "data"); // nobody reads it: it moves the end of the memory
        b.output("y", b.op("matmul", [b.input("x0", [m, k], "data"), b.input("x1", [k, n], "data")]));
        return b.finish();
      };
      const bytes = (spare: number): number => planMemory(made(spare), threads === 1 ? 1 : threads * 8).bytes;
      const spare = Array.from({ length: 1100 }, (_, i) => 16 * (i + 1)).find((s) => bytes(s) % 65536 === 0) ?? 0;
      expect(spare, "a plan that ends on a page").toBeGreaterThan(0);
      const inputs = [m * k, k * n, spare].map((count, index) => quickBits(count, index));
      const truth = interpret(made(spare), Object.fromEntries(inputs.map((input, i) => [`x${i}`, input])));
      const { value } = made(spare).outputs.find(({ name }) => name === "y") as { value: string };
      expect(hashOn(made(spare), inputs, threads)).toBe(hashOf((truth.get(value) as { values: Float32Array }).values));
    }
});
