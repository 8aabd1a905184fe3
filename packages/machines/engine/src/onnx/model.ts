import { BaseError } from "@base/errors";
import { checkModel, type CheckedModel, type RefusedNode } from "./check.ts";
import { CompiledProgram, compileModel, isCompiled, type Obstacle } from "./compile.ts";
import { dtypeOf, type Dtype } from "./dtype.ts";
import { OnnxLimitError, OnnxModelError } from "./errors.ts";
import { type ModelProto, modelSchema, type TypeProto, type ValueInfoProto } from "./proto.ts";
import { outerOf, type Segment } from "./regions.ts";
import { Executor, MAX_WORK, type RunOptions } from "./run.ts";
import { countOf, isMap, isTensor, type OnnxTensor, type OnnxValue } from "./tensor.ts";
import { decodeMessage } from "./wire.ts";

/** Largest file that is read: 1 GiB. */
export const MAX_FILE = 2 ** 30;

/** A named input or output. A dimension is a number, a name, or null when unknown; no `shape` means unknown rank. */
export interface OnnxSlot {
  readonly name: string;
  readonly kind: "tensor" | "sequence" | "optional" | "map";
  readonly dtype?: Dtype;
  readonly shape?: readonly (number | string | null)[];
}

/** What a model consists of, for people. */
export interface OnnxSummary {
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly nodes: number;
  /** Operators and how often they stand in the main graph. */
  readonly operators: Readonly<Record<string, number>>;
  /** Elements of all initialisers. */
  readonly parameters: number;
  readonly inputs: readonly OnnxSlot[];
  readonly outputs: readonly OnnxSlot[];
}

/** A model that was read and checked. */
export interface OnnxModel {
  readonly inputs: readonly OnnxSlot[];
  readonly outputs: readonly OnnxSlot[];
  /** The outputs by name; throws OnnxError when feeds do not fit or an operator's form is not supported. */
  run(feeds: Readonly<Record<string, OnnxValue>>, options?: RunOptions): Record<string, OnnxValue>;
  inspect(): OnnxSummary;
  /** Why the model does not run as one program on inputs of these shapes; undefined when it does. */
  obstacle(feeds: Readonly<Record<string, OnnxValue>>): Obstacle | undefined;
  /** The checked messages, for what rewrites or compiles the model. */
  readonly checked: CheckedModel;
}

function slotOf({ name = "", type }: ValueInfoProto): OnnxSlot {
  const tensor = type?.tensorType;
  if (type?.mapType !== undefined) return { name, kind: "map" };
  if (tensor === undefined) return { name, kind: type?.sequenceType === undefined ? "optional" : "sequence" };
  const dims = tensor.shape?.dim.map(({ value, param }) => (value === undefined ? (param ?? null) : Number(value)));
  return { name, kind: "tensor", dtype: dtypeOf(tensor.elemType), ...(dims === undefined ? {} : { shape: dims }) };
}

function checkTensor(name: string, type: NonNullable<TypeProto["tensorType"]>, value: OnnxValue): void {
  if (!isTensor(value)) throw new OnnxModelError(`"${name}" must be a tensor.`);
  const wanted = dtypeOf(type.elemType);
  if (value.dtype !== wanted) throw new OnnxModelError(`"${name}" must be ${wanted}, not ${value.dtype}.`);
  const dims = type.shape?.dim;
  if (dims === undefined) return;
  const fits =
    dims.length === value.shape.length &&
    dims.every((dim, axis) => dim.value === undefined || Number(dim.value) === value.shape[axis]);
  if (!fits)
    throw new OnnxModelError(
      `"${name}" must have shape [${dims.map((dim) => dim.value ?? dim.param ?? "?")}], not [${value.shape}].`,
    );
}

function checkFeed(name: string, type: TypeProto | undefined, value: OnnxValue): void {
  const tensors = (given: OnnxValue): readonly OnnxTensor[] =>
    isTensor(given)
      ? [given]
      : isMap(given)
        ? [given.keys, given.values]
        : given === null
          ? []
          : given.flatMap(tensors);
  for (const { data, shape } of tensors(value))
    if (countOf(shape) !== data.length)
      throw new OnnxModelError(`"${name}" holds ${data.length} elements under [${shape}].`);
  if (type?.tensorType !== undefined) checkTensor(name, type.tensorType, value);
  else if (type?.sequenceType !== undefined && !Array.isArray(value))
    throw new OnnxModelError(`"${name}" must be a sequence.`);
  else if (type?.mapType !== undefined && !isMap(value)) throw new OnnxModelError(`"${name}" must be a map.`);
}

/** Programs of one model that are kept, for different extents of its inputs. */
const KEPT_PROGRAMS = 4;

class ImportedModel implements OnnxModel {
  readonly inputs: readonly OnnxSlot[];
  readonly outputs: readonly OnnxSlot[];
  readonly #proto: ModelProto;
  readonly checked: CheckedModel;
  readonly #executor: Executor;
  readonly #plans = new Map<string, readonly Segment[] | "none">();
  readonly #programs = new Map<string, CompiledProgram | Obstacle>();

  constructor(proto: ModelProto, refused?: RefusedNode[]) {
    this.#proto = proto;
    this.checked = checkModel(proto, refused);
    this.#executor = new Executor(this.checked);
    const { graph } = this.checked;
    this.inputs = graph.input.filter(({ name = "" }) => !this.#executor.defaults.has(name)).map(slotOf);
    this.outputs = graph.output.map(slotOf);
  }

  run(feeds: Readonly<Record<string, OnnxValue>>, options: RunOptions = {}): Record<string, OnnxValue> {
    const { graph } = this.checked;
    const values = new Map<string, OnnxValue>();
    for (const { name = "", type } of graph.input) {
      const value = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
      if (value === undefined) {
        if (!this.#executor.defaults.has(name)) throw new OnnxModelError(`Input "${name}" is missing.`);
        continue;
      }
      checkFeed(name, type, value);
      values.set(name, value);
    }
    for (const name of Object.keys(feeds))
      if (!values.has(name)) throw new OnnxModelError(`The model has no input "${name}".`);
    const results =
      this.#whole(values, options) ?? this.#planned(values, options) ?? this.#executor.run(values, options);
    return Object.fromEntries(
      graph.output.map(({ name = "" }, index) => [name, this.#checkOutput(index, name, results)]),
    );
  }

  obstacle(feeds: Readonly<Record<string, OnnxValue>>): Obstacle | undefined {
    const program = this.#programFor(new Map(Object.entries(feeds)));
    return program instanceof CompiledProgram ? undefined : program;
  }

  /** The outputs by one program, where there is one, nobody watches the nodes and the budget allows it. */
  #whole(values: ReadonlyMap<string, OnnxValue>, options: RunOptions): OnnxTensor[] | undefined {
    if (options.watch !== undefined || options.operands !== undefined || options.nodes === true) return undefined;
    const program = this.#programFor(values);
    if (!(program instanceof CompiledProgram) || program.work > (options.budget ?? MAX_WORK)) return undefined;
    return program.run(values as ReadonlyMap<string, OnnxTensor>);
  }

  /** The outputs by programs for parts of the graph, where nobody watches the nodes and all extents are as planned. */
  #planned(values: ReadonlyMap<string, OnnxValue>, options: RunOptions): OnnxValue[] | undefined {
    if (options.watch !== undefined || options.operands !== undefined || options.nodes === true) return undefined;
    const outers = [...values].map(([name, value]) => outerOf(name, value));
    if (outers.includes(undefined)) return undefined;
    const key = JSON.stringify(outers);
    const known = this.#plans.get(key);
    if (known === "none") return undefined;
    const done = this.#executor.runPlanned(values, options, known);
    if (done !== undefined && known !== undefined) return done.results;
    // A plan that did not fit once would not fit again: extents depend on what the data say.
    this.#plans.set(key, done?.plan.some((segment) => "region" in segment) === true ? done.plan : "none");
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > KEPT_PROGRAMS && oldest !== undefined) this.#plans.delete(oldest);
    return done?.results;
  }

  #programFor(values: ReadonlyMap<string, OnnxValue>): CompiledProgram | Obstacle {
    const shapes: Record<string, readonly number[]> = {};
    for (const [name, value] of values) {
      if (!isTensor(value) || !(value.data instanceof Float32Array) || value.dtype !== "float32")
        return { node: "", operator: "", why: `input "${name}" is not float32` };
      shapes[name] = value.shape;
    }
    const key = JSON.stringify(Object.entries(shapes).sort());
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = this.#compile(shapes);
      this.#programs.set(key, program);
      const [oldest] = this.#programs.keys();
      if (this.#programs.size > KEPT_PROGRAMS && oldest !== undefined) this.#programs.delete(oldest);
    }
    return program;
  }

  #compile(shapes: Readonly<Record<string, readonly number[]>>): CompiledProgram | Obstacle {
    const compiled = compileModel(this.checked, shapes);
    if (!isCompiled(compiled)) return compiled;
    try {
      return new CompiledProgram(compiled);
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      return { node: "", operator: "", why: error.shortMessage };
    }
  }

  #checkOutput(index: number, name: string, results: readonly OnnxValue[]): OnnxValue {
    const value = results[index] as OnnxValue;
    const type = this.checked.graph.output[index]?.type?.tensorType;
    if (type === undefined || !isTensor(value)) return value;
    if ((type.elemType ?? 0) !== 0 && dtypeOf(type.elemType) !== value.dtype)
      throw new OnnxModelError(`Output "${name}" is ${value.dtype}, but the file says ${dtypeOf(type.elemType)}.`);
    return value;
  }

  inspect(): OnnxSummary {
    const operators: Record<string, number> = {};
    for (const { opType = "" } of this.checked.graph.node) operators[opType] = (operators[opType] ?? 0) + 1;
    let parameters = 0;
    for (const { data } of this.#executor.defaults.values()) parameters += data.length;
    const { producerName = "", producerVersion = "" } = this.#proto;
    return {
      producer: `${producerName} ${producerVersion}`.trim(),
      opsets: Object.fromEntries(this.checked.opsets),
      nodes: this.checked.graph.node.length,
      operators,
      parameters,
      inputs: this.inputs,
      outputs: this.outputs,
    };
  }
}

/**
 * Reads an ONNX file (protobuf, opset 7 to 28) and checks it whole. Throws OnnxFormatError, OnnxModelError,
 * OnnxLimitError or, naming operator and node, UnsupportedOperatorError.
 */
export function importOnnx(bytes: Uint8Array): OnnxModel {
  return new ImportedModel(readProto(bytes));
}

/** The messages of a file, not yet checked. Throws OnnxFormatError or OnnxLimitError. */
export function readProto(bytes: Uint8Array): ModelProto {
  if (bytes.length > MAX_FILE)
    throw new OnnxLimitError(`The file has ${bytes.length} bytes; at most ${MAX_FILE} are read.`);
  return decodeMessage(modelSchema, bytes) as unknown as ModelProto;
}

/** A model whose unsupported operators are listed in `refused` instead of being thrown; running it throws there. */
export function importLeniently(bytes: Uint8Array, refused: RefusedNode[]): OnnxModel {
  return new ImportedModel(readProto(bytes), refused);
}
