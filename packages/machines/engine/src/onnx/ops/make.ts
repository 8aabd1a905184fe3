import { cast } from "../cast.ts";
import { type Dtype, dtypeOf, infoOf, isLong } from "../dtype.ts";
import { decodeTensor, fromNumbers, longs, numbersOf, type OnnxTensor, rawBytes, zeros } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { stored } from "./shared.ts";

function constant(call: Call): OnnxTensor[] {
  const tensor = call.tensorAttribute("value");
  if (tensor !== undefined) return [tensor];
  if (call.has("value_float")) return [fromNumbers("float32", [], [call.float("value_float", 0)])];
  if (call.has("value_floats")) {
    const values = call.floats("value_floats") ?? [];
    return [fromNumbers("float32", [values.length], values)];
  }
  const ints = call.longs("value_ints");
  if (call.has("value_ints") && ints !== undefined)
    return [{ dtype: "int64", shape: [ints.length], data: BigInt64Array.from(ints) }];
  if (call.has("value_int")) return [longs([call.int("value_int", 0)], [])];
  if (call.has("value_string")) return [{ dtype: "string", shape: [], data: [call.string("value_string", "")] }];
  const strings = call.strings("value_strings");
  if (call.has("value_strings") && strings !== undefined)
    return [{ dtype: "string", shape: [strings.length], data: strings }];
  throw call.fault("it holds no value");
}

function constantOfShape(call: Call): OnnxTensor[] {
  const shape = call.numbers(0) ?? [];
  const value = call.tensorAttribute("value");
  const result = zeros(value?.dtype ?? "float32", shape);
  if (value !== undefined) for (let i = 0; i < result.data.length; i++) result.data[i] = value.data[0] as number;
  return [result];
}

function range(call: Call): OnnxTensor[] {
  const start = call.tensor(0);
  const [from, to, delta] = [call.number(0, 0), call.number(1, 0), call.number(2, 1)];
  if (delta === 0) throw call.fault("delta is 0");
  const count = Math.max(0, Math.ceil((to - from) / delta));
  const result = zeros(start.dtype, [count]);
  return [
    stored(
      start.dtype,
      result.shape,
      Float64Array.from({ length: count }, (_, i) => from + i * delta),
    ),
  ];
}

function castTo(call: Call, x: OnnxTensor, dtype: Dtype): OnnxTensor[] {
  return [cast(x, dtype, call.int("saturate", 1) !== 0, call.string("round_mode", "up"))];
}

function bitCast(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const dtype = dtypeOf(call.int("to", 0));
  if (infoOf(dtype).bits !== infoOf(x.dtype).bits || dtype === "string")
    throw call.fault(`${x.dtype} and ${dtype} differ in size`);
  const proto = { dims: x.shape.map(BigInt), dataType: infoOf(dtype).code, rawData: rawBytes(x) };
  const empty = {
    floatData: [],
    int32Data: [],
    stringData: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
    externalData: [],
  };
  return [decodeTensor({ ...empty, ...proto })];
}

function eyeLike(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  if (x.shape.length !== 2) throw call.fault("it takes a matrix");
  const result = zeros(call.has("dtype") ? dtypeOf(call.int("dtype", 0)) : x.dtype, x.shape);
  const [rows, columns] = x.shape as [number, number];
  const k = call.int("k", 0);
  for (let row = 0; row < rows; row++)
    if (row + k >= 0 && row + k < columns)
      result.data[row * columns + row + k] = (isLong(result.dtype) ? 1n : 1) as number;
  return [result];
}

function dropout(call: Call): OnnxTensor[] {
  const x = call.tensor(0);
  const training = call.inputs[2] !== undefined && Number(numbersOf(call.tensor(2))[0]) !== 0;
  const ratio = call.inputs[1] === undefined ? call.float("ratio", 0.5) : call.number(1, 0.5);
  if (training && ratio !== 0)
    throw call.unsupported("random numbers in training mode are not reproducible by the standard");
  if (call.opset < 12 && call.wants(1)) throw call.unsupported("a mask before version 12, whose content is not fixed");
  const mask = zeros("bool", x.shape);
  (mask.data as Uint8Array).fill(1);
  return [x, mask];
}

/** Operators that make tensors or change their element type. */
export const makeOps: readonly OnnxOp[] = [
  define(
    "Constant",
    [1, 9, 11, 12, 13, 19, 21, 23, 24, 25],
    "value value_float value_floats value_int value_ints value_string value_strings",
    constant,
  ),
  define("ConstantOfShape", [9, 20, 21, 23, 24, 25], "value", constantOfShape),
  define("Range", [11, 27], "", range),
  define("Cast", [6, 9, 13, 19, 21, 23, 24, 25], "to saturate round_mode", (call) =>
    castTo(call, call.tensor(0), dtypeOf(call.int("to", 0))),
  ),
  define("CastLike", [15, 19, 21, 23, 24, 25], "saturate round_mode", (call) =>
    castTo(call, call.tensor(0), call.tensor(1).dtype),
  ),
  define("BitCast", [26], "to", bitCast),
  define("EyeLike", [9, 22], "dtype k", eyeLike),
  define("Dropout", [7, 10, 12, 13, 22], "ratio seed", dropout),
];
