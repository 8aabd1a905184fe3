import { canonicalJson, canonicalJsonBytes, parseCanonicalJson } from "@base/bytes/canonicalJson.ts";
import { type ErrorOptions, InvalidInputError } from "@base/errors";
import { fromBytes, toBytes } from "../bits.ts";
import type { NamedTensor } from "../commit/roots.ts";
import { type Graph, type Shape, sizeOf } from "../graph/ir.ts";
import { graphShapes, MAX_ELEMENTS } from "../graph/validate.ts";
import { type Feature, listFeatures } from "../recipe/features.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { fillsCells } from "../recipe/reader.ts";
import { validateRecipe } from "../recipe/validate.ts";
import type { RunCommitment } from "../train/run.ts";
import { checkEnsemble } from "../trees/encode.ts";
import type { Ensemble } from "../trees/ensemble.ts";
import type { Metrics } from "./evaluate.ts";

/** What stands in a bundle besides its tensors. */
export interface BundleContent {
  readonly recipe: Recipe;
  readonly features: readonly Feature[];
  readonly categories: Readonly<Record<string, readonly string[]>>;
  /** Names of the classes of a multiclass target. */
  readonly classes?: readonly string[];
  /** The network, or the trees, as the recipe's model says. */
  readonly graph?: Graph;
  readonly trees?: Ensemble;
  readonly run: RunCommitment;
  readonly metrics: Metrics;
}

/** A bundle that was read and checked. */
export interface Bundle extends Omit<BundleContent, "graph"> {
  /** The network; throws InvalidInputError when the bundle holds trees. */
  readonly graph: Graph;
  readonly tensors: ReadonlyMap<string, NamedTensor>;
}

/** Bytes that are no model bundle. */
export class BundleError extends InvalidInputError {
  override name = "BundleError";
  constructor(why: string, options: ErrorOptions = {}) {
    super(`These bytes are not a model bundle: ${why}`, options);
  }
}

const MAGIC = new TextEncoder().encode("assay-model/1\n");
const MAX_HEADER = 2 ** 26;

/** Magic line, header length (4 bytes, little-endian), canonical JSON header, then the tensors' binary32 bytes. */
export function encodeBundle(content: BundleContent, tensors: readonly NamedTensor[]): Uint8Array {
  const described = tensors.map(({ name, shape }) => ({ name, shape: [...shape] }));
  const header = canonicalJsonBytes({ ...content, tensors: described });
  const parts = [MAGIC, new Uint8Array(4), header, ...tensors.map(({ values }) => toBytes(values))];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  new DataView(bytes.buffer).setUint32(MAGIC.length, header.length, true);
  return bytes;
}

/** Reads and checks a bundle; throws BundleError (or RecipeError) on anything that {@link encodeBundle} would not write. */
export function decodeBundle(bytes: Uint8Array): Bundle {
  if (bytes.length < MAGIC.length + 4 || MAGIC.some((byte, index) => bytes[index] !== byte))
    throw new BundleError("the first line differs.");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const start = MAGIC.length + 4;
  if (length > MAX_HEADER || start + length > bytes.length) throw new BundleError("it ends inside its header.");
  const header = readHeader(bytes.subarray(start, start + length));
  const tensors = new Map<string, NamedTensor>();
  let at = start + length;
  for (const { name, shape } of header.tensors) {
    const size = tensorSize(name, shape) * 4;
    if (tensors.has(name) || at + size > bytes.length)
      throw new BundleError(`tensor ${name} is cut off or there twice.`);
    tensors.set(name, { name, shape, values: fromBytes(bytes.subarray(at, at + size)) });
    at += size;
  }
  if (at !== bytes.length) throw new BundleError("there are bytes after the last tensor.");
  if (header.trees !== undefined) checkTrees(header.trees, header);
  else checkGraph(header.graph as Graph, tensors, header.features.length, outputsOf(header));
  checkFills(header, tensors);
  checkCalibration(tensors, header.features.length);
  return {
    ...header,
    tensors,
    get graph() {
      if (header.graph === undefined)
        throw new InvalidInputError("The model is made of trees, not of a network: it has no graph.");
      return header.graph;
    },
  };
}

function tensorSize(name: string, shape: unknown): number {
  const sound =
    Array.isArray(shape) && shape.length <= 8 && shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
  const size = sound ? sizeOf(shape as Shape) : Number.NaN;
  if (typeof name !== "string" || !(size <= MAX_ELEMENTS))
    throw new BundleError("a tensor's description is malformed.");
  return size;
}

type Header = BundleContent & { readonly tensors: readonly { readonly name: string; readonly shape: Shape }[] };

function readHeader(bytes: Uint8Array): Header {
  let header: Partial<Header>;
  try {
    header = parseCanonicalJson(bytes) as Partial<Header>;
  } catch (cause) {
    throw new BundleError("its header is not canonical JSON.", { cause });
  }
  const kind = (header.recipe as { model?: { kind?: unknown } } | undefined)?.model?.kind;
  const body = kind === "trees" ? "trees" : "graph";
  const objects = ["recipe", "features", "categories", body, "run", "metrics", "tensors"] as const;
  for (const field of objects)
    if (typeof header[field] !== "object" || header[field] === null)
      throw new BundleError(`its header lacks ${field}.`);
  const extra = header.classes === undefined ? 0 : 1;
  if (Object.keys(header).length !== objects.length + extra)
    throw new BundleError("its header has more than it should.");
  const recipe = validateRecipe(header.recipe);
  if ((recipe.task === "multiclass") !== isTexts(header.classes) || header.classes?.length === 1)
    throw new BundleError("its classes do not follow from its recipe.");
  const categories = Object.values(header.categories as object);
  if (!categories.every(isTexts)) throw new BundleError("its categories are malformed.");
  if (!Array.isArray(header.features) || !Array.isArray(header.tensors))
    throw new BundleError("features and tensors must be lists.");
  const expected = canonicalJson(listFeatures(recipe, header.categories as BundleContent["categories"]));
  if (canonicalJson(header.features) !== expected) throw new BundleError("its features do not follow from its recipe.");
  return header as Header;
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === "string");

/** Numbers that the model answers with. */
function outputsOf({ classes }: BundleContent): number {
  return classes?.length ?? 1;
}

function checkFills({ recipe, features }: BundleContent, tensors: ReadonlyMap<string, NamedTensor>): void {
  const wanted = recipe.version === 2 && fillsCells(recipe) ? features.length : undefined;
  if (tensors.get("fills")?.values.length !== wanted)
    throw new BundleError("what stands for empty cells does not follow from its recipe.");
}

function checkGraph(graph: Graph, tensors: ReadonlyMap<string, NamedTensor>, features: number, outputs: number): void {
  let shapes: ReadonlyMap<string, Shape>;
  try {
    shapes = graphShapes(graph);
  } catch (cause) {
    throw new BundleError("its graph is not sound.", { cause });
  }
  const x = graph.inputs.find((input) => input.name === "x");
  const output = graph.outputs.find((entry) => entry.name === "output");
  if (x === undefined || sizeOf(x.shape) !== features)
    throw new BundleError("its graph does not take the listed features.");
  if (output === undefined || sizeOf(shapes.get(output.value) ?? [0]) !== outputs)
    throw new BundleError(`its graph does not give ${outputs === 1 ? "one output" : `${outputs} outputs`}.`);
  for (const input of graph.inputs)
    if (input.name !== "x" && tensors.get(input.name)?.values.length !== sizeOf(input.shape))
      throw new BundleError(`parameter ${input.name} is missing.`);
}

function checkTrees(trees: Ensemble, content: BundleContent): void {
  const { recipe, features } = content;
  try {
    checkEnsemble(trees);
  } catch (cause) {
    throw new BundleError("its trees are not sound.", { cause });
  }
  if (trees.task !== recipe.task || trees.features !== features.length || trees.outputs !== outputsOf(content))
    throw new BundleError("its trees do not follow from its recipe.");
}

function checkCalibration(tensors: ReadonlyMap<string, NamedTensor>, features: number): void {
  const predictions = tensors.get("calibration.prediction")?.values.length;
  if (predictions === undefined || predictions !== tensors.get("calibration.error")?.values.length)
    throw new BundleError("its calibration residuals are missing.");
  if (tensors.get("mean")?.values.length !== features) throw new BundleError("its feature means are missing.");
}
