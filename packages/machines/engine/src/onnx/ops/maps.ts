import { type Dtype, infoOf } from "../dtype.ts";
import { isMap, numbersOf, type OnnxMap, type OnnxTensor, type OnnxValue, zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { stored } from "./shared.ts";

const ML = "ai.onnx.ml";

function mapAt(call: Call): OnnxMap {
  const value = call.inputs[0];
  if (!isMap(value)) throw call.fault("operand 0 is not a map");
  return value;
}

/** One of two lists that name things: words or whole numbers. */
function namesOf(call: Call, strings: string, longs: string): OnnxTensor {
  const words = call.strings(strings) ?? [];
  const numbers = call.longs(longs) ?? [];
  if (words.length > 0 && numbers.length > 0) throw call.fault(`both ${strings} and ${longs} are given`);
  if (words.length > 0) return { dtype: "string", shape: [words.length], data: words };
  return { dtype: "int64", shape: [numbers.length], data: BigInt64Array.from(numbers) };
}

/** Rows of scores as maps from class to score. */
function zipMap(call: Call): OnnxValue[] {
  const x = call.tensor(0);
  call.expectKind(x, "float");
  const keys = namesOf(call, "classlabels_strings", "classlabels_int64s");
  const width = x.shape.at(-1) ?? 0;
  if (x.shape.length < 1 || x.shape.length > 2 || width !== keys.data.length)
    throw call.fault(`${keys.data.length} labels do not name [${x.shape}]`);
  const rows = x.shape.length === 1 ? 1 : (x.shape[0] as number);
  const values = (row: number): OnnxTensor => ({
    ...zeros(x.dtype, [width]),
    data: x.data.slice(row * width, (row + 1) * width),
  });
  return [Array.from({ length: rows }, (_, row): OnnxMap => ({ keys, values: values(row) }))];
}

function castMap(call: Call): OnnxTensor[] {
  const { keys, values } = mapAt(call);
  if (keys.dtype !== "int64") throw call.fault("keys must be int64");
  const to = ({ TO_FLOAT: "float32", TO_STRING: "string", TO_INT64: "int64" } as Partial<Record<string, Dtype>>)[
    call.string("cast_to", "TO_FLOAT")
  ];
  if (to === undefined) throw call.unsupported("this cast_to");
  const order = Array.from(numbersOf(keys), (key, i) => [key, i] as const).sort((a, b) => a[0] - b[0]);
  const sparse = call.string("map_form", "DENSE") === "SPARSE";
  const width = sparse ? call.int("max_map", 1) : order.length;
  if (sparse && order.some(([key]) => key < 0 || key >= width)) throw call.fault(`a key is none of ${width} places`);
  const result = zeros(to, [1, width]);
  order.forEach(([key, i], rank) => {
    const value = values.data[i] as string | number | bigint;
    const number = typeof value === "string" ? Number(value) : value;
    if (to !== "string" && Number.isNaN(number)) throw call.fault(`"${value}" is no number`);
    const at = sparse ? key : rank;
    if (to === "string") result.data[at] = String(value);
    else
      result.data[at] = (to === "int64" ? BigInt(Math.trunc(Number(number))) : Math.fround(Number(number))) as number;
  });
  return [result];
}

function dictVectorizer(call: Call): OnnxTensor[] {
  const { keys, values } = mapAt(call);
  const vocabulary = namesOf(call, "string_vocabulary", "int64_vocabulary");
  if (vocabulary.dtype !== keys.dtype) throw call.fault(`${keys.dtype} keys do not fit the vocabulary`);
  const known = new Map(Array.from(keys.data as string[], (key, i) => [key, values.data[i]]));
  const result = zeros(values.dtype, [1, vocabulary.data.length]);
  (vocabulary.data as string[]).forEach((word, i) => {
    if (known.has(word)) result.data[i] = known.get(word) as string;
  });
  return [result];
}

function categoryMapper(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const [words, numbers] = [call.strings("cats_strings") ?? [], call.longs("cats_int64s") ?? []];
  if (words.length !== numbers.length) throw call.fault("the two lists of categories differ in length");
  if (x.dtype === "string") {
    const ids = new Map(words.map((word, i) => [word, numbers[i] as bigint]));
    const none = BigInt(call.int("default_int64", -1));
    return [
      { dtype: "int64", shape: x.shape, data: BigInt64Array.from(x.data as string[], (word) => ids.get(word) ?? none) },
    ];
  }
  if (x.dtype !== "int64") throw call.fault(`${x.dtype} is not taken here`);
  const names = new Map(numbers.map((id, i) => [id, words[i] as string]));
  const none = call.string("default_string", "_Unused");
  return [
    { dtype: "string", shape: x.shape, data: Array.from(x.data as BigInt64Array, (id) => names.get(id) ?? none) },
  ];
}

/** Columns of several matrices side by side, as float32. */
function featureVectorizer(call: Call): OnnxTensor[] {
  const tensors = call.tensors();
  const wanted = call.ints("inputdimensions");
  const parts = tensors.map((x, i) => {
    if (infoOf(x.dtype).kind === "bool" || x.dtype === "string") throw call.fault(`${x.dtype} is not taken here`);
    const rows = x.shape.length < 2 ? 1 : (x.shape[0] as number);
    const width = x.data.length / Math.max(1, rows);
    return { rows, width, take: wanted?.[i] ?? width, values: numbersOf(x) };
  });
  const rows = parts[0]?.rows ?? 0;
  if (parts.some((part) => part.rows !== rows || part.take > part.width || part.take < 0))
    throw call.fault("its operands do not stand side by side");
  const total = parts.reduce((sum, part) => sum + part.take, 0);
  const result = new Float32Array(rows * total);
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (const { width, take, values } of parts)
      for (let j = 0; j < take; j++) result[at++] = values[row * width + j] as number;
  return [stored("float32", [rows, total], result)];
}

/** Operators of ai.onnx.ml that make or take maps, and their kin. */
export const mapOps: readonly OnnxOp[] = [
  define("ZipMap", [1], "classlabels_int64s classlabels_strings", zipMap, ML),
  define("CastMap", [1], "cast_to map_form max_map", castMap, ML),
  define("DictVectorizer", [1], "int64_vocabulary string_vocabulary", dictVectorizer, ML),
  define("CategoryMapper", [1], "cats_int64s cats_strings default_int64 default_string", categoryMapper, ML),
  define("FeatureVectorizer", [1], "inputdimensions", featureVectorizer, ML),
];
