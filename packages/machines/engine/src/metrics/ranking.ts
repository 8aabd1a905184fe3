export { areaUnderCurve } from "../model/evaluate.ts";

/** Average precision: sum over distinct scores, descending, of precision times the rise in recall; null without positives. */
export function averagePrecision(scores: readonly number[], targets: readonly number[]): number | null {
  const order = scores.map((_, index) => index).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const positives = targets.filter((target) => target === 1).length;
  if (positives === 0) return null;
  let [found, area] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let [to, here] = [from, 0];
    for (; to < order.length && scores[order[to] as number] === scores[order[from] as number]; to++)
      if (targets[order[to] as number] === 1) here++;
    found += here;
    area += (found / to) * (here / positives);
    from = to;
  }
  return area;
}
