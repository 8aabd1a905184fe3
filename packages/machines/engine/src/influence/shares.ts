/** What training samples add to one answer. */
export interface Shares {
  /** The answer before the link: log-odds, a class's score, or the number itself. */
  readonly score: number;
  /** Per training sample, in the order of the split: score with it less score without it, by the method's estimate. */
  readonly values: Float64Array;
}
