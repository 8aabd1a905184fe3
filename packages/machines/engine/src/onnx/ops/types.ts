import { infoOf } from "../dtype.ts";
import { isTensor } from "../tensor.ts";
import type { Call } from "./op.ts";

const set = (names: string): ReadonlySet<string> => new Set(names.split(" "));

const HOLDERS =
  "If Loop Scan SequenceConstruct SequenceInsert SequenceAt SequenceErase SequenceLength SequenceMap SplitToSequence " +
  "ConcatFromSequence Optional OptionalGetElement OptionalHasElement";
const MOVERS =
  "Identity Reshape Transpose Shape Size Squeeze Unsqueeze Flatten Constant ConstantOfShape Concat Split Slice Gather " +
  "Expand Tile Pad Cast CastLike";

/** Operators for which the standard has float8 and types of less than 8 bits: they move, convert or test. */
const NARROW = set(`${HOLDERS} ${MOVERS} BitCast QuantizeLinear DequantizeLinear IsNaN IsInf`);

/** Operators of which an operand may hold strings. */
const STRINGS = set(
  `${HOLDERS} ${MOVERS} Equal Where DepthToSpace SpaceToDepth CenterCropPad ReverseSequence GatherElements GatherND ` +
    "Scatter ScatterElements ScatterND TensorScatter OneHot Compress NonZero Unique Col2Im StringConcat StringSplit " +
    "StringNormalizer RegexFullMatch TfIdfVectorizer LabelEncoder OneHotEncoder CategoryMapper ArrayFeatureExtractor",
);

/** Operators whose first operand is a float. */
const FLOATS = set(
  "LRN LpPool LpNormalization InstanceNormalization BatchNormalization GroupNormalization MeanVarianceNormalization " +
    "LayerNormalization RMSNormalization Dropout GridSample AffineGrid NegativeLogLikelihoodLoss " +
    "SoftmaxCrossEntropyLoss STFT DFT CausalConvWithState Attention LinearAttention FlexAttention RotaryEmbedding " +
    "DynamicQuantizeLinear NonMaxSuppression MaxUnpool QuantizeLinear Adam Adagrad Momentum",
);

/** Operators that count with their first operand, so that it is no bool. */
const NUMBERS = set(
  "CumSum CumProd Einsum Shrink PRelu Range Mod Pow Clip Add Sub Mul Div MatMul Gemm TopK Resize Upsample Scaler " +
    "Normalizer Imputer Binarizer LinearClassifier LinearRegressor SVMClassifier SVMRegressor TreeEnsemble " +
    "TreeEnsembleClassifier TreeEnsembleRegressor MatMulInteger ConvInteger QLinearMatMul QLinearConv DequantizeLinear " +
    "IsNaN IsInf ArgMax ArgMin",
);

/** Throws where an operand has a type that the standard does not give to the operator. */
export function refuseTypes(call: Call): void {
  const name = call.node.opType ?? "";
  call.inputs.forEach((value, index) => {
    if (!isTensor(value)) return;
    const { bits, kind } = infoOf(value.dtype);
    const narrow = bits > 0 && (bits < 8 || (bits === 8 && kind === "float")) && value.dtype !== "int8";
    const odd =
      (narrow && !NARROW.has(name)) ||
      (kind === "string" && !STRINGS.has(name)) ||
      (index === 0 &&
        kind !== "float" &&
        FLOATS.has(name) &&
        !(name === "QuantizeLinear" && value.dtype === "int32")) ||
      (index === 0 && kind === "bool" && NUMBERS.has(name));
    if (odd) throw call.unsupported(`operand ${index} of type ${value.dtype}`);
  });
}
