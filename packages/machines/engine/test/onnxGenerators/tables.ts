import { longs } from "../../src/onnx/tensor.ts";
import type { Dtype } from "../../src/onnx/dtype.ts";
import type { Dice, NodeCase } from "../onnxMade.ts";
import { type Make, maybe } from "./make.ts";

const svm =
  (classifier: boolean): Make =>
  (d) => {
    const width = d.whole(1, 3);
    const classes = classifier ? d.whole(2, 4) : 1;
    const per = Array.from({ length: classes }, () => d.whole(1, 3));
    const vectors = classifier ? per.reduce((a, b) => a + b, 0) : d.whole(1, 4);
    const linear = d.next() < 0.3;
    const pairs = (classes * (classes - 1)) / 2;
    const x = d.tensor(d.pick<Dtype>("float32", "float32", "float64", "int64"), [d.whole(1, 4), width], -2, 2);
    const kernel = {
      kernel_type: d.pick("LINEAR", "POLY", "RBF", "SIGMOID"),
      "kernel_params:f": [d.pick(0.1, 0.5), d.pick(0, 0.5), d.pick(1, 2, 3)],
    };
    if (!classifier) {
      const one = d.next() < 0.1;
      return {
        domain: "ai.onnx.ml",
        opset: 1,
        inputs: [{ ...d.tensor("float32", x.shape, -2, 2) }],
        attributes: {
          ...kernel,
          "coefficients:f": lists(d, linear ? width : vectors),
          n_supports: linear ? 0 : vectors,
          ...(linear ? {} : { "support_vectors:f": lists(d, vectors * width) }),
          "rho:f": lists(d, 1),
          ...(one ? { one_class: 1 } : {}),
        },
      };
    }
    const labels = Array.from({ length: classes }, (_, i) => i * 2 + 1);
    const proba = d.coin() && !linear;
    return {
      domain: "ai.onnx.ml",
      opset: 1,
      inputs: [x],
      outputs: 2,
      attributes: {
        ...kernel,
        ...(d.coin() ? { classlabels_ints: labels } : { classlabels_strings: labels.map((l) => `c${l}`) }),
        ...(linear
          ? { "coefficients:f": lists(d, classes * width), "rho:f": lists(d, classes) }
          : {
              "coefficients:f": lists(d, vectors * (classes - 1)),
              vectors_per_class: per,
              "support_vectors:f": lists(d, vectors * width),
              "rho:f": lists(d, pairs),
            }),
        ...(proba ? { "prob_a:f": lists(d, pairs, -2, -0.5), "prob_b:f": lists(d, pairs) } : {}),
        ...(d.next() < 0.3 ? { post_transform: d.pick("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO") } : {}),
      },
    };
  };

const lists = (d: Dice, n: number, low = -2, high = 2): number[] =>
  Array.from({ length: n }, () => Math.fround(low + d.next() * (high - low)));

const ML = "ai.onnx.ml";

function tree(d: Dice, classifier: boolean): ReturnType<Make> {
  const width = 3;
  const nodes: { tree: number; id: number; mode: string; feature: number; value: number; yes: number; no: number }[] =
    [];
  const leaves: { tree: number; id: number }[] = [];
  const mode = d.pick("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ");
  for (let t = 0; t < d.whole(1, 3); t++) {
    const inner = d.whole(1, 3);
    for (let i = 0; i < inner; i++)
      nodes.push({
        tree: t,
        id: i,
        mode,
        feature: d.whole(0, width - 1),
        value: d.pick(-1, 0, 0.5, 1),
        yes: i + 1 < inner ? i + 1 : 2 * inner,
        no: inner + i,
      });
    for (let i = 0; i <= inner; i++) {
      nodes.push({ tree: t, id: inner + i, mode: "LEAF", feature: 0, value: 0, yes: 0, no: 0 });
      leaves.push({ tree: t, id: inner + i });
    }
  }
  // Of two classes that both have scores, the peer gives labels that are not in the list.
  const classes = classifier ? d.whole(2, 3) : 1;
  const targets = classifier ? classes : d.whole(1, 2);
  const single = classifier && classes === 2;
  const rows = leaves.flatMap((leaf) =>
    Array.from({ length: single ? 1 : targets }, (_, k) => ({ ...leaf, k: single ? 0 : k })),
  );
  const p = classifier ? "class" : "target";
  const positive = d.coin();
  const x = d.tensor(d.pick<Dtype>("float32", "float32", "float64"), [4, width], -2, 2);
  return {
    domain: ML,
    opset: 1,
    inputs: [x],
    outputs: classifier ? 2 : 1,
    attributes: {
      nodes_treeids: nodes.map((n) => n.tree),
      nodes_nodeids: nodes.map((n) => n.id),
      nodes_modes: nodes.map((n) => n.mode),
      nodes_featureids: nodes.map((n) => n.feature),
      "nodes_values:f": nodes.map((n) => n.value),
      nodes_truenodeids: nodes.map((n) => n.yes),
      nodes_falsenodeids: nodes.map((n) => n.no),
      [`${p}_treeids`]: rows.map((r) => r.tree),
      [`${p}_nodeids`]: rows.map((r) => r.id),
      [`${p}_ids`]: rows.map((r) => r.k),
      [`${p}_weights:f`]: lists(d, rows.length, positive ? 0 : -2, positive ? 0.4 : 2),
      ...(classifier
        ? { classlabels_int64s: Array.from({ length: classes }, (_, i) => i + 5) }
        : { n_targets: targets, ...maybe(d, { aggregate_function: d.pick("SUM", "AVERAGE", "MIN", "MAX") }) }),
      ...maybe(d, {
        post_transform: d.pick("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"),
        "base_values:f": lists(d, single ? 1 : targets),
      }),
    },
  };
}

/** Operators of ai.onnx.ml. */
export const TABLES: Readonly<Record<string, Make>> = {
  Scaler: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [d.tensor(d.pick<Dtype>("float32", "float64", "int32", "int64"), [2, 3])],
    attributes: { "offset:f": lists(d, d.pick(1, 3)), "scale:f": lists(d, d.pick(1, 3)) },
  }),
  Normalizer: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [d.tensor(d.pick<Dtype>("float32", "float64", "int64"), d.pick<number[]>([2, 3], [3]))],
    attributes: maybe(d, { norm: d.pick("MAX", "L1", "L2") }),
  }),
  Imputer: (d) =>
    d.coin()
      ? {
          domain: ML,
          opset: 1,
          inputs: [{ dtype: "float32", shape: [2, 3], data: Float32Array.of(1, Number.NaN, 3, 0, 2, Number.NaN) }],
          attributes: {
            "imputed_value_floats:f": lists(d, d.pick(1, 3)),
            "replaced_value_float:f": d.pick(Number.NaN, 0),
          },
        }
      : {
          domain: ML,
          opset: 1,
          inputs: [d.tensor("int64", [2, 3])],
          attributes: { imputed_value_int64s: [7], replaced_value_int64: 0 },
        },
  Binarizer: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [d.tensor(d.pick<Dtype>("float32", "int64", "float64"), [2, 3])],
    attributes: maybe(d, { "threshold:f": 0.5 }),
  }),
  OneHotEncoder: (d) =>
    d.coin()
      ? {
          domain: ML,
          opset: 1,
          inputs: [d.tensor(d.pick<Dtype>("int64", "float32", "int32"), d.pick<number[]>([3], [2, 2]))],
          attributes: { cats_int64s: [0, 1, 2], ...maybe(d, { zeros: d.whole(0, 1) }) },
        }
      : { domain: ML, opset: 1, inputs: [d.tensor("string", [3])], attributes: { cats_strings: ["a", "bc", ""] } },
  LabelEncoder: (d) =>
    d.pick<() => Omit<NodeCase, "op">>(
      () => ({
        domain: ML,
        opset: 2,
        inputs: [d.tensor("string", [3])],
        attributes: { keys_strings: ["a", "bc"], values_int64s: [5, 6], ...maybe(d, { default_int64: 9 }) },
      }),
      () => ({
        domain: ML,
        opset: 2,
        inputs: [d.tensor("int64", [2, 2])],
        attributes: { keys_int64s: [0, 1], "values_floats:f": [0.5, 1.5], ...maybe(d, { "default_float:f": 9 }) },
      }),
      () => ({
        domain: ML,
        opset: 2,
        inputs: [d.tensor("int64", [2, 2])],
        attributes: { keys_int64s: [0, 1], values_strings: ["x", "y"], ...maybe(d, { default_string: "zz" }) },
      }),
      () => ({
        domain: ML,
        opset: 2,
        inputs: [d.tensor("int64", [2, 2])],
        attributes: { keys_int64s: [0, 1], values_int64s: [3, 4] },
      }),
      () => ({
        domain: ML,
        opset: 1,
        inputs: [d.tensor("string", [3])],
        attributes: { classes_strings: ["a", "bc"], ...maybe(d, { default_int64: 9 }) },
      }),
      () => ({
        domain: ML,
        opset: 1,
        inputs: [d.tensor("int64", [3])],
        attributes: { classes_strings: ["a", "bc"], ...maybe(d, { default_string: "zz" }) },
      }),
    )(),
  CategoryMapper: (d) =>
    d.coin()
      ? {
          domain: ML,
          opset: 1,
          inputs: [d.tensor("string", [3])],
          attributes: { cats_strings: ["a", "bc"], cats_int64s: [5, 6], ...maybe(d, { default_int64: 9 }) },
        }
      : {
          domain: ML,
          opset: 1,
          inputs: [d.tensor("int64", [3])],
          attributes: { cats_strings: ["a", "bc"], cats_int64s: [1, 2], ...maybe(d, { default_string: "q" }) },
        },
  LinearRegressor: (d) => {
    const [w, t] = [d.whole(1, 3), d.whole(1, 2)];
    return {
      domain: ML,
      opset: 1,
      inputs: [d.tensor("float32", [3, w])],
      attributes: {
        "coefficients:f": lists(d, w * t),
        targets: t,
        ...maybe(d, {
          "intercepts:f": lists(d, t),
          post_transform: d.pick("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"),
        }),
      },
    };
  },
  LinearClassifier: (d) => {
    const [w, c] = [d.whole(1, 3), d.whole(1, 3)];
    const labels = Math.max(2, c);
    return {
      domain: ML,
      opset: 1,
      inputs: [d.tensor(d.pick<Dtype>("float32", "float64", "int64"), [3, w])],
      outputs: 2,
      attributes: {
        "coefficients:f": lists(d, w * c),
        "intercepts:f": lists(d, c),
        ...(d.coin()
          ? { classlabels_ints: Array.from({ length: labels }, (_, i) => i + 3) }
          : { classlabels_strings: Array.from({ length: labels }, (_, i) => `l${i}`) }),
        ...maybe(d, {
          multi_class: d.whole(0, 1),
          post_transform: d.pick("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"),
        }),
      },
    };
  },
  FeatureVectorizer: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [d.tensor("float32", [2, 2]), d.tensor(d.pick<Dtype>("float32", "float32"), [2, 3])],
    attributes: { inputdimensions: [2, 3] },
  }),
  ArrayFeatureExtractor: (d) => ({
    domain: ML,
    opset: 1,
    inputs: [
      d.tensor(d.pick<Dtype>("float32", "int64"), d.pick<number[]>([4], [2, 4])),
      { ...longs([0, d.whole(0, 3)]), shape: d.pick<number[]>([2], [1, 2]) },
    ],
  }),
  SVMRegressor: svm(false),
  SVMClassifier: svm(true),
  TreeEnsembleRegressor: (d) => tree(d, false),
  TreeEnsembleClassifier: (d) => tree(d, true),
};
