import { Program } from "../graph/program.ts";
import { type Ensemble, Predictor } from "../trees/ensemble.ts";
import { logistic, ONE } from "../trees/link.ts";
import { Explainer } from "../trees/shap.ts";
import type { Bundle } from "./bundle.ts";
import type { Answer } from "./evaluate.ts";
import { EXPLAIN_STEPS, explainGraph } from "./explain.ts";

/** An answer with what each feature added to it: base + values = output within rounding. */
export interface Explained {
  readonly output: number;
  readonly base: number;
  readonly values: readonly number[];
}

/** What a model does with an input vector, whatever it is made of. */
export interface Answerer {
  readonly answer: Answer;
  readonly explain: (x: Float32Array) => Explained;
}

/** Answers of a network; reasons are integrated gradients from the mean training sample. */
export function networkAnswerer(bundle: Bundle): Answerer {
  const { graph } = bundle;
  const valuesOf = (name: string) => (bundle.tensors.get(name) as { values: Float32Array }).values;
  const mean = valuesOf("mean");
  const program = new Program(graph);
  for (const { name } of graph.inputs) if (name !== "x") program.write(name, valuesOf(name));
  const answer = (x: Float32Array): number => {
    program.write("x", x);
    program.run();
    return program.read("output")[0] as number;
  };
  const steps = bundle.recipe.model.kind === "linear" ? 1 : EXPLAIN_STEPS;
  let explainer: Program | undefined;
  const openExplainer = (): Program => {
    const opened = new Program(explainGraph(graph, steps));
    for (const { name } of graph.inputs) if (name !== "x") opened.write(`p.${name}`, valuesOf(name));
    opened.write("mean", mean);
    return opened;
  };
  const explain = (x: Float32Array): Explained => {
    const [output, base] = [answer(x), answer(mean)];
    explainer ??= openExplainer();
    return { output, base, values: closeGap(integrate(explainer, x, steps), output - base) };
  };
  return { answer, explain };
}

/** Integrated gradients per feature, summed inside the engine. */
function integrate(explainer: Program, x: Float32Array, steps: number): Float32Array {
  explainer.write("sample", x);
  explainer.write("sum", new Float32Array(x.length));
  for (let step = 0; step < steps; step++) {
    explainer.write("alpha", Float32Array.of((step + 0.5) / steps));
    explainer.run();
  }
  return explainer.read("sum");
}

/** Spreads what the finite number of steps left over, in proportion to the size of each contribution. */
function closeGap(raw: Float32Array, wanted: number): number[] {
  let [sum, size] = [0, 0];
  for (const value of raw) {
    sum += value;
    size += Math.abs(value);
  }
  const gap = wanted - sum;
  return Array.from(raw, (value) => (size > 0 ? value + (gap * Math.abs(value)) / size : value));
}

/**
 * Answers of trees; reasons are Shapley values of the score. For a binary task, whose score is log-odds, they are
 * brought to probabilities by one factor: the slope of the line between base and answer.
 */
export function treesAnswerer(trees: Ensemble): Answerer {
  const predictor = new Predictor(trees);
  let explainer: Explainer | undefined;
  const answer = (x: Float32Array): number => predictor.predict(x)[0] as number;
  const explain = (x: Float32Array): Explained => {
    explainer ??= new Explainer(trees);
    const output = answer(x);
    const { base, values, score } = explainer.explain(x, predictor.scores(x)[0] as number);
    const scale = 2 ** -trees.shift;
    if (trees.task === "regression")
      return { output, base: base * scale, values: values.map((value) => value * scale) };
    const from = logistic(base) / ONE;
    const slope = score === base ? from * (1 - from) * scale : (output - from) / (score - base);
    return { output, base: from, values: values.map((value) => value * slope) };
  };
  return { answer, explain };
}
