/** Rows "group,n,m,yes" in two groups: yes where n is 10 or more. */
export const GROUP_ROWS = Array.from(
  { length: 120 },
  (_, i) => `${i % 3 === 0 ? "a" : "b"},${(i * 7) % 20},${i},${(i * 7) % 20 > 9 ? 1 : 0}`,
);
export const GROUP_HEADER = "group,n,m,yes";

/** A few trees that learn it in a blink. */
export const GROUP_RECIPE = {
  version: 1,
  task: "binary",
  inputs: [{ column: "n" }, { column: "m" }],
  target: "yes",
  split: { by: "ratio", train: 0.99 },
  model: { kind: "trees", leaves: 4, minRows: 3 },
  optimizer: { kind: "boost", learningRate: 0.3 },
  epochs: 10,
  seed: 3,
  checkpointEvery: 10,
};
