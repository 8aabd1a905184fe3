import { dtypeOf } from "./dtype.ts";
import { OnnxLimitError, OnnxModelError, UnsupportedOperatorError } from "./errors.ts";
import { findOnnxOp } from "./ops/registry.ts";
import type { FunctionProto, GraphProto, ModelProto, NodeProto, TypeProto } from "./proto.ts";
import { countOf } from "./tensor.ts";

/** Newest and oldest versions of each operator set that are read. */
export const OPSETS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  "": [1, 28],
  "ai.onnx.ml": [1, 5],
  "ai.onnx.preview": [1, 1],
  "ai.onnx.preview.training": [1, 1],
};
const MAX_NODES = 200_000;
const MAX_GRAPHS = 32;

/** "ai.onnx" and "" are the same operator set. */
export function domainOf(domain: string | undefined): string {
  return domain === undefined || domain === "ai.onnx" ? "" : domain;
}

/** Key of a function of the model. */
export function functionKey(
  domain: string | undefined,
  name: string | undefined,
  overload: string | undefined,
): string {
  return JSON.stringify([domainOf(domain), name ?? "", overload ?? ""]);
}

function checkType(name: string, type: TypeProto | undefined): void {
  if (type?.tensorType !== undefined) {
    dtypeOf(type.tensorType.elemType);
    countOf((type.tensorType.shape?.dim ?? []).map(({ value }) => Number(value ?? 1n)));
  } else if (type?.sequenceType !== undefined) checkType(name, type.sequenceType.elemType);
  else if (type?.optionalType !== undefined) checkType(name, type.optionalType.elemType);
  else if (type?.mapType === undefined) throw new OnnxModelError(`${name} has a type that is not supported.`);
}

/** A node that this engine does not compute. */
export interface RefusedNode {
  readonly node: string;
  readonly operator: string;
  readonly domain: string;
  readonly why: string;
}

interface Checker {
  /** Takes what is refused instead of throwing at the first. */
  readonly refused?: RefusedNode[];
  nodes: number;
  readonly opsets: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, FunctionProto>;
}

function checkSupport(checker: Checker, node: NodeProto, domain: string, version: number): void {
  const { opType: name = "", name: label = "" } = node;
  const refuse = (why: string): void => {
    const data = { operator: name, domain, node: label };
    if (checker.refused === undefined)
      throw new UnsupportedOperatorError(`${domain === "" ? "" : `${domain}.`}${name} (node "${label}")`, why, {
        data,
      });
    checker.refused.push({ ...data, why });
  };
  const op = findOnnxOp(domain, name);
  const odd = node.attribute.find(({ name: attribute = "" }) => op?.attributes.includes(attribute) === false);
  if (op === undefined) refuse("no such operator is built in");
  else if (version < (op.since[0] as number)) refuse(`version ${version} of its set is older than ${op.since[0]}`);
  else if (odd !== undefined) refuse(`attribute "${odd.name ?? ""}" is not understood`);
}

function checkNode(checker: Checker, node: NodeProto, known: Set<string>, depth: number): void {
  if (++checker.nodes > MAX_NODES) throw new OnnxLimitError(`The model has more than ${MAX_NODES} nodes.`);
  const domain = domainOf(node.domain);
  const name = node.opType ?? "";
  for (const input of node.input)
    if (input !== "" && !known.has(input))
      throw new OnnxModelError(
        `Node ${node.name ?? ""} (${name}) reads "${input}" before anything gives it: a cycle or a gap.`,
      );
  const own = checker.functions.get(functionKey(domain, name, node.overload));
  const version = checker.opsets.get(domain);
  if (own === undefined) {
    if (version === undefined)
      throw new OnnxModelError(`The model does not import the operator set "${domain}" of ${name}.`);
    checkSupport(checker, node, domain, version);
  }
  for (const attribute of node.attribute)
    for (const graph of [...(attribute.g === undefined ? [] : [attribute.g]), ...attribute.graphs])
      checkGraph(checker, graph, known, depth + 1);
  for (const output of node.output) if (output !== "") define(known, output);
}

function define(known: Set<string>, name: string): void {
  if (known.has(name)) throw new OnnxModelError(`"${name}" is given twice.`);
  known.add(name);
}

function checkGraph(checker: Checker, graph: GraphProto, outer: ReadonlySet<string>, depth: number): void {
  if (depth > MAX_GRAPHS) throw new OnnxLimitError(`Graphs are nested deeper than ${MAX_GRAPHS}.`);
  if (graph.sparseInitializer.length > 0) throw new OnnxModelError("Sparse initialisers are not supported.");
  const known = new Set(outer);
  const initial = new Set<string>();
  for (const { name = "" } of graph.initializer) {
    if (initial.has(name)) throw new OnnxModelError(`Initialiser "${name}" is there twice.`);
    initial.add(name);
    known.add(name);
  }
  const inputs = new Set<string>();
  for (const { name = "", type } of graph.input) {
    if (depth === 0) checkType(name, type);
    if (inputs.has(name)) throw new OnnxModelError(`Input "${name}" is there twice.`);
    inputs.add(name);
    known.add(name);
  }
  for (const node of graph.node) checkNode(checker, node, known, depth);
  for (const { name = "" } of graph.output)
    if (!known.has(name)) throw new OnnxModelError(`Nothing gives the output "${name}".`);
}

/** What the checker found out about a model. */
export interface CheckedModel {
  readonly graph: GraphProto;
  readonly opsets: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, FunctionProto>;
}

function opsetsOf(imports: ModelProto["opsetImport"]): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version = 0n } of imports) opsets.set(domainOf(domain), Number(version));
  for (const [domain, version] of opsets) {
    const range = OPSETS[domain];
    if (range !== undefined && (version < range[0] || version > range[1]))
      throw new UnsupportedOperatorError(
        `Operator set "${domain}" version ${version}`,
        `versions ${range[0]} to ${range[1]} are`,
      );
  }
  return opsets;
}

/**
 * Checks a model: every value is given once and before it is read, every operator and attribute is known, extents
 * and counts are within limits. Throws OnnxModelError, OnnxLimitError or UnsupportedOperatorError; with a list for
 * `refused`, operators that are not supported are told there instead.
 */
export function checkModel(model: ModelProto, refused?: RefusedNode[]): CheckedModel {
  const { graph } = model;
  if (graph === undefined) throw new OnnxModelError("The file holds no graph.");
  const opsets = opsetsOf(model.opsetImport);
  const functions = new Map(model.functions.map((fn) => [functionKey(fn.domain, fn.name, fn.overload), fn]));
  const collect = refused === undefined ? {} : { refused };
  const checker = { nodes: 0, opsets, functions, ...collect };
  checkGraph(checker, graph, new Set(), 0);
  for (const fn of model.functions) {
    const inner = { nodes: 0, opsets: opsetsOf(fn.opsetImport), functions, ...collect };
    const known = new Set(fn.input);
    for (const node of fn.node) checkNode(inner, node, known, 0);
  }
  return { graph, opsets, functions };
}
