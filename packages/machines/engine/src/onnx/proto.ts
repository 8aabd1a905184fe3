import type { Schema } from "./wire.ts";

/** One tensor as it stands in a file (onnx.proto, TensorProto). */
export interface TensorProto {
  readonly dims: readonly bigint[];
  readonly dataType?: number;
  readonly segment?: unknown;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: readonly bigint[];
  readonly name?: string;
  readonly rawData?: Uint8Array;
  readonly doubleData: readonly number[];
  readonly uint64Data: readonly bigint[];
  readonly externalData: readonly unknown[];
  readonly dataLocation?: number;
}

/** A type: tensor, sequence of a type, or optional of a type. */
export interface TypeProto {
  readonly tensorType?: { readonly elemType?: number; readonly shape?: ShapeProto };
  readonly sequenceType?: { readonly elemType?: TypeProto };
  readonly optionalType?: { readonly elemType?: TypeProto };
  readonly mapType?: unknown;
  readonly sparseTensorType?: unknown;
}

/** Extents; a dimension is a number, a name, or unknown. */
export interface ShapeProto {
  readonly dim: readonly { readonly value?: bigint; readonly param?: string }[];
}

/** A named input or output with its type. */
export interface ValueInfoProto {
  readonly name?: string;
  readonly type?: TypeProto;
}

/** One attribute of a node. */
export interface AttributeProto {
  readonly name?: string;
  readonly refAttrName?: string;
  readonly type?: number;
  readonly f?: number;
  readonly i?: bigint;
  readonly s?: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly tp?: TypeProto;
  readonly sparseTensor?: unknown;
  readonly floats: readonly number[];
  readonly ints: readonly bigint[];
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
}

/** One operator call. */
export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly opType?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly attribute: readonly AttributeProto[];
}

/** A graph or a subgraph of a control-flow node. */
export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name?: string;
  readonly initializer: readonly TensorProto[];
  readonly sparseInitializer: readonly unknown[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly valueInfo: readonly ValueInfoProto[];
}

/** Which version of which operator set is meant; domain "" is ai.onnx. */
export interface OpsetProto {
  readonly domain?: string;
  readonly version?: bigint;
}

/** A function that the model brings along. */
export interface FunctionProto {
  readonly name?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly string[];
  readonly attributeProto: readonly AttributeProto[];
  readonly node: readonly NodeProto[];
  readonly opsetImport: readonly OpsetProto[];
}

/** The file. */
export interface ModelProto {
  readonly irVersion?: bigint;
  readonly opsetImport: readonly OpsetProto[];
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly graph?: GraphProto;
  readonly functions: readonly FunctionProto[];
}

/** A list of tensors (onnx-data.proto, SequenceProto). */
export interface SequenceProto {
  readonly name?: string;
  readonly elemType?: number;
  readonly tensorValues: readonly TensorProto[];
  readonly sequenceValues: readonly SequenceProto[];
}

/** A tensor or sequence that may be absent (onnx-data.proto, OptionalProto). */
export interface OptionalProto {
  readonly elemType?: number;
  readonly tensorValue?: TensorProto;
  readonly sequenceValue?: SequenceProto;
}

const entry: Schema = { 1: ["key", "string"], 2: ["value", "string"] };
const empty: Schema = {};
export const tensorSchema: Schema = {
  1: ["dims", "long", "many"],
  2: ["dataType", "int"],
  3: ["segment", () => empty],
  4: ["floatData", "float", "many"],
  5: ["int32Data", "int", "many"],
  6: ["stringData", "bytes", "many"],
  7: ["int64Data", "long", "many"],
  8: ["name", "string"],
  9: ["rawData", "bytes"],
  10: ["doubleData", "double", "many"],
  11: ["uint64Data", "ulong", "many"],
  13: ["externalData", () => entry, "many"],
  14: ["dataLocation", "int"],
};
const dimension: Schema = { 1: ["value", "long"], 2: ["param", "string"] };
const shape: Schema = { 1: ["dim", () => dimension, "many"] };
const tensorType: Schema = { 1: ["elemType", "int"], 2: ["shape", () => shape] };
const wrapped: Schema = { 1: ["elemType", () => type] };
const mapType: Schema = { 1: ["keyType", "int"], 2: ["valueType", () => type] };
const type: Schema = {
  1: ["tensorType", () => tensorType],
  4: ["sequenceType", () => wrapped],
  5: ["mapType", () => mapType],
  8: ["sparseTensorType", () => empty],
  9: ["optionalType", () => wrapped],
};
const valueInfo: Schema = { 1: ["name", "string"], 2: ["type", () => type] };
const attribute: Schema = {
  1: ["name", "string"],
  2: ["f", "float"],
  3: ["i", "long"],
  4: ["s", "bytes"],
  5: ["t", () => tensorSchema],
  6: ["g", () => graph],
  7: ["floats", "float", "many"],
  8: ["ints", "long", "many"],
  9: ["strings", "bytes", "many"],
  10: ["tensors", () => tensorSchema, "many"],
  11: ["graphs", () => graph, "many"],
  14: ["tp", () => type],
  20: ["type", "int"],
  21: ["refAttrName", "string"],
  22: ["sparseTensor", () => empty],
};
const node: Schema = {
  1: ["input", "string", "many"],
  2: ["output", "string", "many"],
  3: ["name", "string"],
  4: ["opType", "string"],
  5: ["attribute", () => attribute, "many"],
  7: ["domain", "string"],
  8: ["overload", "string"],
};
const graph: Schema = {
  1: ["node", () => node, "many"],
  2: ["name", "string"],
  5: ["initializer", () => tensorSchema, "many"],
  11: ["input", () => valueInfo, "many"],
  12: ["output", () => valueInfo, "many"],
  13: ["valueInfo", () => valueInfo, "many"],
  15: ["sparseInitializer", () => empty, "many"],
};
const opset: Schema = { 1: ["domain", "string"], 2: ["version", "long"] };
const fn: Schema = {
  1: ["name", "string"],
  4: ["input", "string", "many"],
  5: ["output", "string", "many"],
  6: ["attribute", "string", "many"],
  7: ["node", () => node, "many"],
  9: ["opsetImport", () => opset, "many"],
  10: ["domain", "string"],
  11: ["attributeProto", () => attribute, "many"],
  13: ["overload", "string"],
};
export const modelSchema: Schema = {
  1: ["irVersion", "long"],
  2: ["producerName", "string"],
  3: ["producerVersion", "string"],
  7: ["graph", () => graph],
  8: ["opsetImport", () => opset, "many"],
  25: ["functions", () => fn, "many"],
};
export const sequenceSchema: Schema = {
  1: ["name", "string"],
  2: ["elemType", "int"],
  3: ["tensorValues", () => tensorSchema, "many"],
  5: ["sequenceValues", () => sequenceSchema, "many"],
};
export const optionalSchema: Schema = {
  1: ["name", "string"],
  2: ["elemType", "int"],
  3: ["tensorValue", () => tensorSchema],
  5: ["sequenceValue", () => sequenceSchema],
};
