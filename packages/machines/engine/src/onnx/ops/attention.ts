import { isTensor, numbersOf, type OnnxTensor, reshaped } from "../tensor.ts";
import { matmul } from "./matmul.ts";
import { softmaxRows } from "./norm.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { concat } from "./shape.ts";
import { broadcastOffsets, expanded, functionsOf, mapped, step, stored, transposed } from "./shared.ts";

/** [B, S, heads * size] as [B, heads, S, size]. */
function splitHeads(call: Call, x: OnnxTensor, heads: number): OnnxTensor {
  if (x.shape.length === 4) return x;
  const [batch = 0, length = 0, width = 0] = x.shape;
  if (x.shape.length !== 3 || heads < 1 || width % heads !== 0)
    throw call.fault(`[${x.shape}] does not split into ${heads} heads`);
  return transposed(reshaped(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

function joinHeads(x: OnnxTensor): OnnxTensor {
  const [batch = 0, heads = 0, length = 0, size = 0] = x.shape;
  return reshaped(transposed(x, [0, 2, 1, 3]), [batch, length, heads * size]);
}

/** Key and value heads repeated until there is one for every query head. */
function repeatHeads(call: Call, x: OnnxTensor, heads: number): OnnxTensor {
  const [batch = 0, own = 0, length = 0, size = 0] = x.shape;
  if (own === heads) return x;
  if (own === 0 || heads % own !== 0) throw call.fault(`${heads} query heads are no multiple of ${own}`);
  const wide = expanded(reshaped(x, [batch, own, 1, length, size]), [batch, own, heads / own, length, size]);
  return reshaped(wide, [batch, heads, length, size]);
}

function scaledScores(call: Call, q: OnnxTensor, k: OnnxTensor, scale: number): OnnxTensor {
  const root = q.dtype === "float64" ? Math.sqrt(scale) : Math.fround(Math.sqrt(Math.fround(scale)));
  const [left, right] = [mapped(q, (x) => x * root), mapped(k, (x) => x * root)];
  return matmul(call, left, transposed(right, [0, 1, 3, 2]));
}

/** What is added to the scores: mask, causality, and keys beyond the filled part; [B, 1 or H, S, T] in numbers. */
function biasOf(
  call: Call,
  q: OnnxTensor,
  keys: number,
  past: number,
): { shape: number[]; values: Float64Array } | undefined {
  const mask = call.optional(3);
  const filled = call.numbers(6);
  const causal = call.int("is_causal", 0) !== 0;
  if (mask === undefined && filled === undefined && !causal) return undefined;
  const [batch = 0, heads = 0, length = 0] = q.shape;
  const shape = [batch, heads, length, keys];
  const values = new Float64Array(batch * heads * length * keys);
  if (mask !== undefined) {
    const width = mask.shape.at(-1) ?? 0;
    if (width > keys) throw call.fault(`a mask of ${width} keys does not fit ${keys}`);
    const at = broadcastOffsets(
      mask.shape,
      width === 1 && keys !== 1 && filled === undefined ? shape : [batch, heads, length, width],
    );
    const list = numbersOf(mask);
    const across = width === 1 && keys !== 1 && filled === undefined ? keys : width;
    for (let i = 0; i < values.length; i++) {
      const column = i % keys;
      const value =
        column < across
          ? (list[at[Math.floor(i / keys) * across + column] as number] as number)
          : Number.NEGATIVE_INFINITY;
      values[i] = mask.dtype === "bool" && column < across ? (value !== 0 ? 0 : Number.NEGATIVE_INFINITY) : value;
    }
  }
  for (let i = 0; i < values.length; i++) {
    const [column, row] = [i % keys, Math.floor(i / keys) % length];
    const b = Math.floor(i / (keys * length * heads));
    const end = filled === undefined ? keys : (filled[b] ?? 0);
    const offset = filled === undefined ? past : end - length;
    if (column >= end || (causal && column > row + offset)) values[i] = Number.NEGATIVE_INFINITY;
  }
  return { shape, values };
}

function withPast(call: Call, index: number, x: OnnxTensor): OnnxTensor {
  const past = call.optional(index);
  return past === undefined ? x : concat(call, [past, x], 2);
}

function attention(call: Call): OnnxTensor[] {
  const flat = call.tensor(0).shape.length === 3;
  const q = splitHeads(call, call.tensor(0), call.int("q_num_heads", 0));
  const kvHeads = call.int("kv_num_heads", 0);
  const key = withPast(call, 4, splitHeads(call, call.tensor(1), kvHeads));
  const value = withPast(call, 5, splitHeads(call, call.tensor(2), kvHeads));
  call.expectKind(q, "float");
  const [, heads = 0, , size = 0] = q.shape;
  const keys = key.shape[2] as number;
  const f = step(q.dtype);
  const scores = scaledScores(
    call,
    q,
    repeatHeads(call, key, heads),
    call.has("scale") ? call.float("scale", 1) : 1 / Math.sqrt(size),
  );
  const softcap = call.float("softcap", 0);
  const { tanh } = functionsOf(q.dtype);
  const capped = softcap > 0 ? mapped(scores, (x) => f(softcap * tanh(f(x / softcap)))) : scores;
  const bias = biasOf(call, q, keys, call.optional(4)?.shape[2] ?? 0);
  const biased =
    bias === undefined
      ? capped
      : stored(
          q.dtype,
          capped.shape,
          bias.values.map((value, i) =>
            value === Number.NEGATIVE_INFINITY ? value : f((capped.data[i] as number) + value),
          ),
        );
  const weights = maskedSoftmax(biased, bias?.values, keys);
  const y = matmul(call, weights, repeatHeads(call, value, heads));
  const modes = [scores, capped, biased, weights];
  const asked = modes[call.int("qk_matmul_output_mode", 0)];
  if (asked === undefined) throw call.unsupported("this qk_matmul_output_mode");
  return [flat ? joinHeads(y) : y, key, value, asked];
}

/** Softmax of the last axis; rows that are masked throughout give zeros. */
function maskedSoftmax(scores: OnnxTensor, bias: Float64Array | undefined, keys: number): OnnxTensor {
  const rows = scores.data.length / Math.max(1, keys);
  const values = Float64Array.from(softmaxRows(scores.dtype, scores.data as Float32Array, rows, keys));
  if (bias !== undefined)
    for (let row = 0; row < rows; row++)
      if (bias.subarray(row * keys, (row + 1) * keys).every((value) => value === Number.NEGATIVE_INFINITY))
        values.fill(0, row * keys, (row + 1) * keys);
  return stored(scores.dtype, scores.shape, values);
}

function flexAttention(call: Call): OnnxTensor[] {
  const [q, k, v] = [call.tensor(0), call.tensor(1), call.tensor(2)];
  const heads = q.shape[1] ?? 0;
  const modify = (name: string, x: OnnxTensor): OnnxTensor => {
    if (!call.has(name)) return x;
    const [result] = call.run(call.graph(name), [x]);
    if (!isTensor(result) || result.shape.join() !== x.shape.join())
      throw call.fault(`${name} must give a tensor of shape [${x.shape}]`);
    return result;
  };
  const scale = call.has("scale") ? call.float("scale", 1) : 1 / Math.sqrt(q.shape[3] ?? 1);
  const scores = scaledScores(call, q, repeatHeads(call, k, heads), scale);
  const wide: OnnxTensor = q.dtype === "float64" ? scores : { ...scores, dtype: "float32" };
  const modified = modify("score_mod", wide);
  const keys = k.shape[2] ?? 1;
  const values = softmaxRows(wide.dtype, modified.data as Float32Array, modified.data.length / Math.max(1, keys), keys);
  const weights = modify("prob_mod", stored(modified.dtype, modified.shape, values));
  return [matmul(call, stored(q.dtype, weights.shape, weights.data as Float32Array), repeatHeads(call, v, heads))];
}

/** Cosine or sine for every row of the input, by position. */
function cacheRow(
  call: Call,
  cache: OnnxTensor,
  batch: number,
  place: number,
  length: number,
  half: number,
): (j: number) => number {
  const positions = call.numbers(3);
  const width = cache.shape.at(-1) ?? 0;
  if (width < half) throw call.fault("the caches are too narrow");
  const row = positions === undefined ? batch * length + place : (positions[batch * length + place] ?? -1);
  if (!(row >= 0 && (row + 1) * width <= cache.data.length))
    throw call.fault(`position ${row} is outside of the caches`);
  return (j) => cache.data[row * width + j] as number;
}

function rotary(call: Call): OnnxTensor[] {
  const given = call.tensor(0);
  const x = splitHeads(call, given, call.int("num_heads", 0));
  const [batch = 0, heads = 0, length = 0, size = 0] = x.shape;
  const dims = call.int("rotary_embedding_dim", 0) || size;
  const half = dims / 2;
  const interleaved = call.int("interleaved", 0) !== 0;
  const f = step(x.dtype);
  const values = Float64Array.from(x.data as Float32Array);
  for (let b = 0; b < batch; b++)
    for (let s = 0; s < length; s++) {
      const cosine = cacheRow(call, call.tensor(1), b, s, length, half);
      const sine = cacheRow(call, call.tensor(2), b, s, length, half);
      for (let h = 0; h < heads; h++)
        for (let j = 0; j < half; j++) {
          const at = ((b * heads + h) * length + s) * size;
          const [p, q] = interleaved ? [at + 2 * j, at + 2 * j + 1] : [at + j, at + half + j];
          const [re, im] = [x.data[p] as number, x.data[q] as number];
          values[p] = f(f(cosine(j) * re) - f(sine(j) * im));
          values[q] = f(f(sine(j) * re) + f(cosine(j) * im));
        }
    }
  const y = stored(x.dtype, x.shape, values);
  return [given.shape.length === 3 ? joinHeads(y) : y];
}

/** A recurrence over a matrix per head: S = decay S + k (beta (v - S k)), read by q. */
function linearAttention(call: Call): OnnxTensor[] {
  const [heads, own] = [call.int("q_num_heads", 0), call.int("kv_num_heads", 0)];
  const rule = call.string("update_rule", "gated_delta");
  if (!["linear", "gated", "delta", "gated_delta"].includes(rule))
    throw call.unsupported(`update_rule "${rule}" is unknown`);
  const [q, k, v] = [
    splitHeads(call, call.tensor(0), heads),
    splitHeads(call, call.tensor(1), own),
    splitHeads(call, call.tensor(2), own),
  ];
  const [batch = 0, , length = 0, dk = 0] = q.shape;
  const dv = v.shape[3] ?? 0;
  if (own < 1 || heads % own !== 0 || k.shape[3] !== dk) throw call.fault("heads do not fit");
  const f = step(q.dtype);
  const { exp } = functionsOf(q.dtype);
  const decay = rule.startsWith("gated") ? call.tensor(4) : undefined;
  const beta = rule.endsWith("delta") ? call.tensor(5) : undefined;
  const given = call.float("scale", 0);
  const scale = given !== 0 ? given : f(1 / f(Math.sqrt(dk)));
  const state = Float64Array.from(
    (call.optional(3)?.data as Float32Array | undefined) ?? new Float32Array(batch * own * dk * dv),
  );
  const out = new Float64Array(batch * heads * length * dv);
  const side = (tensor: OnnxTensor, b: number, t: number, h: number, i: number): number => {
    const width = tensor.shape.at(-1) ?? 1;
    const per = width / own;
    const at = per >= 1 ? h * per + (per > 1 ? i : 0) : 0;
    return tensor.data[(b * length + t) * width + at] as number;
  };
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < own; h++)
      for (let t = 0; t < length; t++) {
        const base = (b * own + h) * dk * dv;
        const row = ((b * own + h) * length + t) * dk;
        if (decay !== undefined)
          for (let i = 0; i < dk; i++) {
            const keep = exp(side(decay, b, t, h, i));
            for (let j = 0; j < dv; j++) state[base + i * dv + j] = f((state[base + i * dv + j] as number) * keep);
          }
        for (let j = 0; j < dv; j++) {
          let write = v.data[((b * own + h) * length + t) * dv + j] as number;
          if (beta !== undefined) {
            let found = 0;
            for (let i = 0; i < dk; i++)
              found = f(found + f((state[base + i * dv + j] as number) * (k.data[row + i] as number)));
            write = f(side(beta, b, t, h, 0) * f(write - found));
          }
          for (let i = 0; i < dk; i++)
            state[base + i * dv + j] = f((state[base + i * dv + j] as number) + f((k.data[row + i] as number) * write));
        }
        for (let g = 0; g < heads / own; g++) {
          const head = h * (heads / own) + g;
          for (let j = 0; j < dv; j++) {
            let sum = 0;
            for (let i = 0; i < dk; i++)
              sum = f(
                sum +
                  f(
                    (q.data[((b * heads + head) * length + t) * dk + i] as number) *
                      (state[base + i * dv + j] as number),
                  ),
              );
            out[((b * heads + head) * length + t) * dv + j] = f(scale * sum);
          }
        }
      }
  return [joinHeads(stored(q.dtype, [batch, heads, length, dv], out)), stored(q.dtype, [batch, own, dk, dv], state)];
}

/** Attention and what goes with it. */
export const attentionOps: readonly OnnxOp[] = [
  define(
    "Attention",
    [23, 24],
    "is_causal kv_num_heads q_num_heads qk_matmul_output_mode scale softcap softmax_precision",
    attention,
  ),
  define("FlexAttention", [1], "scale score_mod prob_mod softmax_precision", flexAttention, "ai.onnx.preview"),
  define("RotaryEmbedding", [23], "interleaved num_heads rotary_embedding_dim", rotary),
  define("LinearAttention", [27], "chunk_size kv_num_heads q_num_heads scale update_rule", linearAttention),
];
