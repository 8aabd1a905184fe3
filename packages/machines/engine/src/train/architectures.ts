import { BugError } from "@base/errors";
import { type Shape, sizeOf } from "../graph/ir.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type { Layout, Model } from "../recipe/schema.ts";
import { UNKNOWN } from "../recipe/tokens.ts";
import type { Net } from "./net.ts";

/** What a network is built for. */
export interface Task {
  readonly recipe: Recipe;
  /** Numbers that the network answers with: 1, or one per class. */
  readonly outputs: number;
  /** Tokens of a text's vocabulary. */
  readonly vocabulary: number;
}

type Of<K extends Model["kind"]> = Extract<Model, { kind: K }>;

/** Writes the recipe's network: prepared features [rows, features] to answers before the link [rows, outputs]. */
export function writeNetwork(net: Net, task: Task, x: string): string {
  const { model } = task.recipe;
  switch (model.kind) {
    case "linear":
    case "logistic":
      return net.dense("out", x, task.outputs, 3);
    case "mlp":
      return net.dense("out", writeDense(net, model, model.hidden, x), task.outputs, 3);
    case "cnn":
      return writeConvolutions(net, model, task, x);
    case "transformer":
      return writeTransformer(net, model, task, x);
    default:
      throw new BugError("Trees are not a network.");
  }
}

function writeDense(net: Net, model: Of<"mlp"> | Of<"cnn">, hidden: readonly number[], x: string): string {
  let value = x;
  hidden.forEach((width, layer) => {
    value = net.activate(model.activation ?? "relu", net.dense(String(layer), value, width, 6));
    value = net.dropout(value, model.dropout);
  });
  return value;
}

/** Padding that keeps ceil(side / stride) places, more of it after than before: [before, after]. */
function samePads(side: number, kernel: number, stride: number): readonly [number, number] {
  const total = Math.max(0, (Math.ceil(side / stride) - 1) * stride + kernel - side);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function writeConvolutions(net: Net, model: Of<"cnn">, { recipe, outputs }: Task, x: string): string {
  const [rows] = net.b.shape(x) as [number];
  const { shape } = recipe.layout as Extract<Layout, { kind: "image" }>;
  let value = net.reshape(x, [rows, ...shape]);
  model.layers.forEach(({ channels, kernel = 3, stride = 1, groups = 1, pool, pooling }, index) => {
    const [, from, height, width] = net.b.shape(value) as [number, number, number, number];
    const [top, bottom] = samePads(height, kernel, stride);
    const [left, right] = samePads(width, kernel, stride);
    const depth = (from / groups) * kernel * kernel;
    const weights = net.weight(`w.conv${index}`, [channels, from / groups, kernel, kernel], depth, 6);
    const attrs = { pads: [top, left, bottom, right], strides: [stride, stride], groups };
    const sums = net.op("conv2d", [value, weights], attrs);
    const shifted = net.op("add", [sums, net.filled(`b.conv${index}`, [1, channels, 1, 1], 0)]);
    value = net.activate(model.activation ?? "relu", shifted);
    if (pool !== undefined)
      value = net.op(pooling === "average" ? "avgpool" : "maxpool", [value], {
        kernel: [pool, pool],
        strides: [pool, pool],
      });
  });
  const flat = net.reshape(value, [rows, sizeOf(net.b.shape(value)) / rows]);
  return net.dense("out", writeDense(net, model, model.hidden ?? [], net.dropout(flat, model.dropout)), outputs, 3);
}

/** The number that hides a place from attention: exp of it less any score is +0. */
const HIDDEN = -1e9;

function writeTransformer(net: Net, model: Of<"transformer">, task: Task, x: string): string {
  const { b } = net;
  const [rows] = b.shape(x) as [number];
  const layout = task.recipe.layout as Extract<Layout, { kind: "text" | "sequence" }>;
  const places = layout.kind === "text" ? layout.length : layout.rows;
  const present = layout.kind === "text" ? presence(net, x) : undefined;
  let value = embed(net, model, task, layout, x, rows * places);
  const positions = net.weight("w.position", [places, model.width], model.width, 0.1);
  value = net.op("add", [net.reshape(value, [rows, places, model.width]), positions]);
  value = net.dropout(net.reshape(value, [rows * places, model.width]), model.dropout);
  const mask = attentionMask(net, model, places, present, rows);
  for (let layer = 0; layer < model.layers; layer++) {
    const seen = attend(net, model, `${layer}`, net.layerNorm(`attention${layer}`, value), [rows, places], mask);
    value = net.op("add", [value, net.dropout(seen, model.dropout)]);
    const wide = net.dense(
      `wide${layer}`,
      net.layerNorm(`forward${layer}`, value),
      model.feedForward ?? 4 * model.width,
      6,
    );
    const back = net.dense(`back${layer}`, net.activate("gelu", wide), model.width, 3);
    value = net.op("add", [value, net.dropout(back, model.dropout)]);
  }
  const finished = net.reshape(net.layerNorm("out", value), [rows, places, model.width]);
  return net.dense("out", readOut(net, model, finished, present), task.outputs, 3);
}

function embed(net: Net, model: Of<"transformer">, task: Task, layout: Layout, x: string, places: number): string {
  if (layout.kind !== "text") {
    const width = sizeOf(net.b.shape(x)) / places;
    return net.dense("in", net.reshape(x, [places, width]), model.width, 3);
  }
  const tokens = task.vocabulary + UNKNOWN + 1;
  const table = net.weight("w.token", [tokens, model.width], model.width, 3);
  return net.op("matmul", [net.oneHot(net.reshape(x, [places, 1]), tokens), table]);
}

/** 1 where a text has a token, 0 on its padding: [rows, places]. */
function presence(net: Net, ids: string): string {
  return net.op("gate", [net.b.scalar(1), net.op("sub", [ids, net.b.scalar(0.5)])]);
}

/** What is added to the scores [rows, heads, places, places]; undefined when every place sees every other. */
function attentionMask(
  net: Net,
  model: Of<"transformer">,
  places: number,
  present: string | undefined,
  rows: number,
): string | undefined {
  let mask: string | undefined;
  if (present !== undefined) {
    const hidden = net.scale(net.op("sub", [present, net.b.scalar(1)]), -HIDDEN);
    mask = net.reshape(hidden, [rows, 1, 1, places]);
  }
  if (model.causal !== true) return mask;
  const later = Float32Array.from({ length: places * places }, (_, at) =>
    at % places > Math.floor(at / places) ? HIDDEN : 0,
  );
  const causal = net.b.constant(later, [places, places]);
  return mask === undefined ? causal : net.op("add", [mask, causal]);
}

/** Scaled dot-product attention with several heads (Vaswani et al., 2017). */
function attend(
  net: Net,
  model: Of<"transformer">,
  name: string,
  x: string,
  [rows, places]: readonly [number, number],
  mask: string | undefined,
): string {
  const { heads, width } = model;
  const part = width / heads;
  const split = (which: string, perm: readonly number[], shape: Shape) =>
    net.reshape(
      net.permute(net.reshape(net.dense(`${which}${name}`, x, width, 3), [rows, places, heads, part]), perm),
      shape,
    );
  const queries = split("query", [0, 2, 1, 3], [rows * heads, places, part]);
  const keys = split("key", [0, 2, 3, 1], [rows * heads, part, places]);
  const values = split("value", [0, 2, 1, 3], [rows * heads, places, part]);
  let scores = net.scale(net.products(queries, keys), 1 / Math.sqrt(part));
  if (mask !== undefined) {
    const shaped = net.reshape(scores, [rows, heads, places, places]);
    scores = net.reshape(net.op("add", [shaped, mask]), [rows * heads, places, places]);
  }
  const mixed = net.products(net.op("softmax", [scores]), values);
  const joined = net.permute(net.reshape(mixed, [rows, heads, places, part]), [0, 2, 1, 3]);
  return net.dense(`mix${name}`, net.reshape(joined, [rows * places, width]), width, 3);
}

/** Mean over the places that hold a token, or the last place: [rows, width]. */
function readOut(net: Net, model: Of<"transformer">, value: string, present: string | undefined): string {
  const [rows, places, width] = net.b.shape(value) as [number, number, number];
  const single = (weights: string) => {
    const weighted = net.op("mul", [net.permute(value, [0, 2, 1]), weights]);
    return net.reshape(net.op("rowsum", [weighted]), [rows, width]);
  };
  if (model.pool === "last") {
    if (present === undefined) {
      const last = Float32Array.from({ length: places }, (_, place) => (place === places - 1 ? 1 : 0));
      return single(net.b.constant(last, [1, 1, places]));
    }
    // A text's last token: present here, and (padding follows only) absent at the next place.
    const shift = Float32Array.from({ length: places * places }, (_, at) =>
      Math.floor(at / places) === (at % places) + 1 ? 1 : 0,
    );
    const next = net.op("matmul", [present, net.b.constant(shift, [places, places])]);
    return single(net.reshape(net.op("sub", [present, next]), [rows, 1, places]));
  }
  if (present === undefined) {
    const sum = net.op("rowsum", [net.permute(value, [0, 2, 1])]);
    return net.scale(net.reshape(sum, [rows, width]), 1 / places);
  }
  const sum = single(net.reshape(present, [rows, 1, places]));
  const count = net.op("rowsum", [present]);
  const one = net.b.scalar(1);
  const atLeastOne = net.op("add", [net.op("relu", [net.op("sub", [count, one])]), one]);
  return net.op("div", [sum, atLeastOne]);
}
