import { Program } from "../graph/program.ts";
import { likeliest } from "../metrics/classes.ts";
import { PADDING, UNKNOWN } from "../recipe/tokens.ts";
import { type Ensemble, Predictor } from "../trees/ensemble.ts";
import { logistic, ONE, softmax } from "../trees/link.ts";
import { Explainer } from "../trees/shap.ts";
import type { Bundle } from "./bundle.ts";
import type { Answer } from "./evaluate.ts";
import { EXPLAIN_STEPS, explainGraph } from "./explain.ts";

/** An answer with what each feature added to it: base + values = output within rounding. */
export interface Explained {
  /** The answer that is explained: the number, or the probability of the likeliest class. */
  readonly output: number;
  readonly base: number;
  readonly values: readonly number[];
}

/** What a model does with an input vector, whatever it is made of. */
export interface Answerer {
  /** One number, or a probability per class. */
  readonly answer: Answer;
  readonly explain: (x: Float32Array) => Explained;
}

/** Answers of a network; reasons are integrated gradients from the mean training sample, or for texts what a token's absence changes. */
export function networkAnswerer(bundle: Bundle): Answerer {
  const { graph, recipe } = bundle;
  const valuesOf = (name: string) => (bundle.tensors.get(name) as { values: Float32Array }).values;
  const mean = valuesOf("mean");
  const program = new Program(graph);
  for (const { name } of graph.inputs) if (name !== "x") program.write(name, valuesOf(name));
  const answer = (x: Float32Array): Float32Array => {
    program.write("x", x);
    program.run();
    return program.read("output");
  };
  if (recipe.layout?.kind === "text") return { answer, explain: (x) => explainTokens(answer, x) };
  const steps = recipe.model.kind === "linear" ? 1 : EXPLAIN_STEPS;
  let explainer: Program | undefined;
  const openExplainer = (): Program => {
    const opened = new Program(explainGraph(graph, steps));
    for (const { name } of graph.inputs) if (name !== "x") opened.write(`p.${name}`, valuesOf(name));
    opened.write("mean", mean);
    return opened;
  };
  const explain = (x: Float32Array): Explained => {
    const answers = answer(x);
    const said = likeliest(answers);
    const [output, base] = [answers[said] as number, answer(mean)[said] as number];
    explainer ??= openExplainer();
    if (answers.length > 1)
      explainer.write(
        "pick",
        answers.map((_, k) => (k === said ? 1 : 0)),
      );
    return { output, base, values: closeGap(integrate(explainer, x, steps), output - base) };
  };
  return { answer, explain };
}

/** Per token: how much the answer falls when it alone is taken out; the base is the answer to no text at all. */
function explainTokens(answer: Answer, x: Float32Array): Explained {
  const answers = answer(x);
  const said = likeliest(answers);
  const output = answers[said] as number;
  const base = answer(new Float32Array(x.length))[said] as number;
  const raw = x.map((token, place) => {
    if (token === PADDING) return 0;
    const without = x.slice();
    without[place] = UNKNOWN;
    return output - (answer(without)[said] as number);
  });
  return { output, base, values: closeGap(raw, output - base) };
}

/** Integrated gradients per feature, summed inside the engine. */
export function integrate(explainer: Program, x: Float32Array, steps: number): Float32Array {
  explainer.write("sample", x);
  explainer.write("sum", new Float32Array(x.length));
  for (let step = 0; step < steps; step++) {
    explainer.write("alpha", Float32Array.of((step + 0.5) / steps));
    explainer.run();
  }
  return explainer.read("sum");
}

/** Spreads what the finite number of steps left over, in proportion to the size of each contribution. */
export function closeGap(raw: Float32Array, wanted: number): number[] {
  let [sum, size] = [0, 0];
  for (const value of raw) {
    sum += value;
    size += Math.abs(value);
  }
  const gap = wanted - sum;
  return Array.from(raw, (value) => (size > 0 ? value + (gap * Math.abs(value)) / size : value));
}

/**
 * Answers of trees; reasons are Shapley values of the score (of the likeliest class). Where a score is log-odds, they are
 * brought to probabilities by one factor: the slope of the line between base and answer.
 */
export function treesAnswerer(trees: Ensemble): Answerer {
  const predictor = new Predictor(trees);
  let explainer: Explainer | undefined;
  const answer = (x: Float32Array): Float32Array => predictor.predict(x);
  const explain = (x: Float32Array): Explained => {
    explainer ??= new Explainer(trees);
    const answers = answer(x);
    const said = likeliest(answers);
    const output = answers[said] as number;
    const scores = predictor.scores(x).slice();
    const { base, values, score } = explainer.explain(x, scores[said] as number, said);
    const scale = 2 ** -trees.shift;
    if (trees.task === "regression")
      return { output, base: base * scale, values: values.map((value) => value * scale) };
    const from = trees.task === "binary" ? logistic(base) / ONE : probabilityWith(scores, said, base);
    const slope = score === base ? from * (1 - from) * scale : (output - from) / (score - base);
    return { output, base: from, values: values.map((value) => value * slope) };
  };
  return { answer, explain };
}

/** Probability of class `which` if its score were `score` and those of the others what they are. */
function probabilityWith(scores: Float64Array, which: number, score: number): number {
  const changed = scores.slice();
  changed[which] = score;
  const out = new Float64Array(scores.length);
  softmax(changed, scores.length, out);
  return (out[which] as number) / ONE;
}
