import { modelSchema } from "../onnx/proto.ts";
import { encodeMessage } from "../onnx/wire.ts";
import type { Ensemble } from "./ensemble.ts";

type Fields = Record<string, unknown>;

const encoder = new TextEncoder();
const floats = (name: string, values: readonly number[]): Fields => ({ name, floats: values, type: 6 });
const ints = (name: string, values: readonly number[]): Fields => ({ name, ints: values.map(BigInt), type: 7 });
const int = (name: string, value: number): Fields => ({ name, i: BigInt(value), type: 2 });

/** Attributes of TreeEnsembleRegressor (ai.onnx.ml 3): one entry per node, one target entry per leaf. */
function attributes({ trees, outputs, shift, start }: Ensemble): Fields[] {
  const scale = 2 ** -shift;
  const all = trees.flatMap((tree, index) => tree.feature.map((feature, node) => ({ tree, index, feature, node })));
  const leaves = all.filter(({ feature }) => feature < 0);
  const child = (step: number) =>
    all.map(({ tree, feature, node }) => (feature < 0 ? 0 : (tree.left[node] as number) + step));
  return [
    int("n_targets", outputs),
    floats(
      "base_values",
      start.map((value) => value * scale),
    ),
    ints(
      "nodes_treeids",
      all.map(({ index }) => index),
    ),
    ints(
      "nodes_nodeids",
      all.map(({ node }) => node),
    ),
    ints(
      "nodes_featureids",
      all.map(({ feature }) => Math.max(0, feature)),
    ),
    floats(
      "nodes_values",
      all.map(({ tree, node }) => tree.threshold[node] as number),
    ),
    {
      name: "nodes_modes",
      strings: all.map(({ feature }) => encoder.encode(feature < 0 ? "LEAF" : "BRANCH_LEQ")),
      type: 8,
    },
    ints("nodes_truenodeids", child(0)),
    ints("nodes_falsenodeids", child(1)),
    ints(
      "nodes_missing_value_tracks_true",
      all.map(({ tree, node }) => tree.missingLeft[node] as number),
    ),
    ints(
      "target_treeids",
      leaves.map(({ index }) => index),
    ),
    ints(
      "target_nodeids",
      leaves.map(({ node }) => node),
    ),
    ints(
      "target_ids",
      leaves.map(({ index }) => index % outputs),
    ),
    floats(
      "target_weights",
      leaves.map(({ tree, node }) => (tree.value[node] as number) * scale),
    ),
  ];
}

function valueInfo(name: string, width: number): Fields {
  const dim = [{ param: "rows" }, { value: BigInt(width) }];
  return { name, type: { tensorType: { elemType: 1, shape: { dim } } } };
}

/**
 * An ensemble as an ONNX file (opset 17 and ai.onnx.ml 3, deterministic bytes): input `x` [rows, features] with NaN for
 * missing, output `output` [rows, outputs]. Other runtimes sum leaf values in binary32, so they agree to rounding.
 */
export function exportTrees(ensemble: Ensemble): Uint8Array {
  const last = { regression: undefined, binary: "Sigmoid", multiclass: "Softmax" }[ensemble.task];
  const nodes: Fields[] = [
    {
      input: ["x"],
      output: [last === undefined ? "output" : "score"],
      name: "trees",
      opType: "TreeEnsembleRegressor",
      domain: "ai.onnx.ml",
      attribute: attributes(ensemble),
    },
  ];
  if (last !== undefined)
    nodes.push({
      input: ["score"],
      output: ["output"],
      name: "answer",
      opType: last,
      attribute: last === "Softmax" ? [int("axis", 1)] : [],
    });
  return encodeMessage(modelSchema, {
    irVersion: 8n,
    producerName: "assay",
    opsetImport: [
      { domain: "", version: 17n },
      { domain: "ai.onnx.ml", version: 3n },
    ],
    graph: {
      name: "assay",
      node: nodes,
      initializer: [],
      input: [valueInfo("x", ensemble.features)],
      output: [valueInfo("output", ensemble.outputs)],
    },
  });
}
