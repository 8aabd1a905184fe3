/** A point of a plotted curve, both in [0, 1]. */
export type Point = readonly [x: number, y: number];

/** Most points of a curve that is kept for plotting. */
const POINTS = 101;

const short = (value: number): number => Math.round(value * 1e6) / 1e6;

/**
 * The ROC curve (false alarms against hits) and the precision-recall curve (recall against precision) over all
 * thresholds, thinned to about 100 points each; undefined when one class is absent.
 */
export function rankingCurves(
  probabilities: readonly number[],
  targets: readonly number[],
): { readonly roc: readonly Point[]; readonly precisionRecall: readonly Point[] } | undefined {
  const order = probabilities
    .map((_, index) => index)
    .sort((a, b) => (probabilities[b] as number) - (probabilities[a] as number) || a - b);
  const positives = targets.filter((target) => target === 1).length;
  const negatives = targets.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  const roc: Point[] = [[0, 0]];
  const precisionRecall: Point[] = [];
  let hits = 0;
  for (let from = 0; from < order.length; ) {
    const score = probabilities[order[from] as number];
    let to = from;
    for (; to < order.length && probabilities[order[to] as number] === score; to++)
      if (targets[order[to] as number] === 1) hits++;
    roc.push([short((to - hits) / negatives), short(hits / positives)]);
    precisionRecall.push([short(hits / positives), short(hits / to)]);
    from = to;
  }
  return { roc: thin(roc), precisionRecall: thin(precisionRecall) };
}

/** Every n-th entry, first and last included, at most about 100. */
export function thin<T>(list: readonly T[]): T[] {
  const every = Math.ceil(list.length / POINTS);
  return list.filter((_, index) => index % every === 0 || index === list.length - 1);
}
