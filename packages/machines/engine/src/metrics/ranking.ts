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

/** Area under the ROC curve by ranks; ties count one half. Null when one class is absent. */
export function areaUnderCurve(predictions: readonly number[], targets: readonly number[]): number | null {
  const order = predictions
    .map((_, index) => index)
    .sort((a, b) => (predictions[a] as number) - (predictions[b] as number));
  let [rankSum, positives] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && predictions[order[to] as number] === predictions[order[from] as number]) to++;
    const rank = (from + to + 1) / 2; // mean of the ranks from + 1 .. to
    for (let i = from; i < to; i++)
      if (targets[order[i] as number] === 1) {
        rankSum += rank;
        positives++;
      }
    from = to;
  }
  const negatives = targets.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
