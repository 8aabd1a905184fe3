import { expect, test } from "vitest";
import { Builder } from "../src/graph/build.ts";
import { interpret } from "../src/graph/interpret.ts";
import type { Graph } from "../src/graph/ir.ts";
import { planMemory } from "../src/graph/plan.ts";
import { Program } from "../src/graph/program.ts";
import { graphShapes } from "../src/graph/validate.ts";
import { validateRecipe } from "../src/recipe/validate.ts";
import { normalise, parameters } from "../src/train/network.ts";
import { initialState, stepGraph } from "../src/train/stepGraph.ts";
import { randomBits } from "./bits.ts";
import { WEATHER_RECIPE } from "./weather.ts";

const recipe = validateRecipe(WEATHER_RECIPE);
const list = parameters(recipe, 8);
const x = randomBits(32 * 8, 1).map((value) => (Math.abs(value) < 100 ? value : 1));
const t = randomBits(32, 2).map((value) => (Math.abs(value) < 100 ? value : 1));
const graph = stepGraph(recipe, list, normalise(recipe, x, t, 8), 32);

test("a whole training step on the kernels equals the references bit for bit", () => {
  const values: Record<string, Float32Array> = { x, t };
  for (const { name, initial } of list) values[name] = initial;
  for (const { name, values: first } of initialState(graph)) values[name] = first;
  const program = new Program(graph);
  for (const [name, value] of Object.entries(values)) program.write(name, value);
  for (let step = 0; step < 3; step++) {
    program.run();
    const known = interpret(graph, values);
    for (const { target, value } of graph.updates) values[target] = known.get(value)?.values as Float32Array;
    for (const { target } of graph.updates) expect(program.read(target), target).toEqual(values[target]);
  }
});

test("a graph survives JSON", () => {
  expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
});

test("values that live at the same time never share memory", () => {
  const plan = planMemory(graph);
  const root = (name: string): string => (plan.alias.has(name) ? root(plan.alias.get(name) as string) : name);
  const size = (name: string) => (plan.places.get(name)?.shape.reduce((a, b) => a * b, 1) as number) * 4 + 16;
  const lastUse = new Map<string, number>(graph.inputs.map(({ name }) => [name, plan.steps.length]));
  for (const [index, { inputs, output }] of plan.steps.entries())
    for (const name of [output, ...inputs]) lastUse.set(root(name), Math.max(index, lastUse.get(root(name)) ?? 0));
  for (const { value } of [...graph.outputs, ...graph.updates]) lastUse.set(root(value), plan.steps.length);
  for (const [index, { output }] of plan.steps.entries()) {
    const own = root(output);
    const at = plan.places.get(own)?.at as number;
    for (const [name, last] of lastUse) {
      const born = plan.steps.findIndex((other) => root(other.output) === name);
      if (name === own || born > index || last < index) continue;
      const other = plan.places.get(name)?.at as number;
      expect(at + size(own) <= other || other + size(name) <= at, `${own} and ${name}`).toBe(true);
    }
  }
  const sum = [...plan.places.keys()].reduce((total, name) => total + size(name), 0);
  expect(plan.bytes).toBeLessThan(sum); // places are reused
});

const base: Graph = {
  version: 1,
  inputs: [{ name: "a", shape: [2, 3], role: "data" }],
  constants: [],
  nodes: [{ op: "relu", inputs: ["a"], output: "b" }],
  outputs: [{ name: "y", value: "b" }],
  updates: [],
};

test.each<[string, Partial<Graph>, RegExp]>([
  ["another version", { version: 2 as 1 }, /version/],
  ["an unknown operator", { nodes: [{ op: "nope", inputs: ["a"], output: "b" }] }, /no operator/],
  ["a value from the future", { nodes: [{ op: "relu", inputs: ["c"], output: "b" }] }, /no earlier step/],
  ["a value written twice", { nodes: [{ op: "relu", inputs: ["a"], output: "a" }] }, /twice/],
  ["shapes that do not fit", { nodes: [{ op: "matmul", inputs: ["a", "a"], output: "b" }] }, /cannot multiply/],
  ["a negative extent", { inputs: [{ name: "a", shape: [-1, 3], role: "data" }] }, /impossible/],
  ["a huge tensor", { inputs: [{ name: "a", shape: [2 ** 20, 2 ** 20], role: "data" }] }, /impossible/],
  ["an output of nothing", { outputs: [{ name: "y", value: "z" }] }, /no earlier step/],
  ["an update of data", { updates: [{ target: "a", value: "b" }] }, /neither/],
  ["short constants", { constants: [{ name: "k", shape: [2], bits: "00000000" }] }, /hexadecimal/],
  ["too many operands", { nodes: [{ op: "relu", inputs: ["a", "a"], output: "b" }] }, /operands/],
])("a graph with %s is refused", (_, change, message) => {
  expect(() => graphShapes({ ...base, ...change })).toThrow(message);
});

test("a graph that needs more than the memory is refused, not crashed", () => {
  const b = new Builder();
  let value = b.input("x", [2 ** 13, 2 ** 13], "data");
  const kept = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(() => {
    value = b.op("relu", [value]);
    return value;
  });
  kept.forEach((name, index) => {
    b.output(`y${index}`, name);
  });
  expect(() => new Program(b.finish())).toThrow(/bytes/);
});
