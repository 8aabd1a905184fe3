import { InvalidInputError } from "@base/errors";
import { findOp } from "../ops/registry.ts";
import { type Graph, sameShape, type Shape, sizeOf } from "./ir.ts";

/** Most elements one tensor may have: keeps a hostile graph inside a 32-bit memory. */
export const MAX_ELEMENTS = 2 ** 28;
const MAX_VALUES = 100_000;

/**
 * Checks a graph from outside: known operators, topological order, fitting shapes, each name written once.
 * Returns the shape of every value; throws InvalidInputError or NotFoundError (unknown operator).
 */
export function graphShapes(graph: Graph): Map<string, Shape> {
  if (graph.version !== 1) throw new InvalidInputError(`Graph version ${String(graph.version)} is not known; 1 is.`);
  if (graph.inputs.length + graph.constants.length + graph.nodes.length > MAX_VALUES)
    throw new InvalidInputError(`A graph may have at most ${MAX_VALUES} values.`);
  const shapes = new Map<string, Shape>();
  const define = (name: string, shape: Shape) => {
    if (shapes.has(name)) throw new InvalidInputError(`The graph defines ${name} twice.`);
    if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0) || sizeOf(shape) > MAX_ELEMENTS)
      throw new InvalidInputError(`${name} has the impossible shape [${shape}].`);
    shapes.set(name, shape);
  };
  for (const input of graph.inputs) define(input.name, input.shape);
  for (const constant of graph.constants) {
    define(constant.name, constant.shape);
    if (constant.bits.length !== sizeOf(constant.shape) * 8 || !/^[0-9a-f]*$/.test(constant.bits))
      throw new InvalidInputError(`Constant ${constant.name} does not have 8 hexadecimal digits per element.`);
  }
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => known(shapes, input, node.op));
    define(node.output, findOp(node.op).reference.shape(inputs, node.attrs ?? {}));
  }
  for (const output of graph.outputs) known(shapes, output.value, output.name);
  for (const update of graph.updates) {
    const target = graph.inputs.find((input) => input.name === update.target && input.role !== "data");
    if (target === undefined) throw new InvalidInputError(`${update.target} is neither parameter nor state.`);
    if (!graph.nodes.some((node) => node.output === update.value))
      throw new InvalidInputError(`The update of ${update.target} must be the result of an operator.`);
    if (!sameShape(target.shape, known(shapes, update.value, update.target)))
      throw new InvalidInputError(`The update of ${update.target} has another shape.`);
  }
  return shapes;
}

function known(shapes: ReadonlyMap<string, Shape>, name: string, user: string): Shape {
  const shape = shapes.get(name);
  if (shape === undefined) throw new InvalidInputError(`${user} reads ${name}, which no earlier step defines.`);
  return shape;
}
