// Counters and one histogram in the Prometheus text format (version 0.0.4).

type Labels = Readonly<Record<string, string>>;

const bounds = [0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** What a node counts while it runs. */
export class Metrics {
  readonly #counts = new Map<string, number>();
  readonly #times = new Map<string, { buckets: number[]; sum: number; count: number }>();

  /** Adds one to a counter. */
  count(name: string, labels: Labels): void {
    const key = name + text(labels);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Adds a duration in seconds to a histogram. */
  time(name: string, labels: Labels, seconds: number): void {
    const key = `${name}\n${inner(labels)}`;
    const held = this.#times.get(key) ?? { buckets: bounds.map(() => 0), sum: 0, count: 0 };
    bounds.forEach((bound, at) => {
      if (seconds <= bound) held.buckets[at] = (held.buckets[at] ?? 0) + 1;
    });
    held.sum += seconds;
    held.count++;
    this.#times.set(key, held);
  }

  /** The text for a scrape; `gauges` are read at that moment. */
  render(gauges: readonly (readonly [name: string, value: number | bigint, labels?: Labels])[]): string {
    const lines: string[] = [];
    const typed = new Set<string>();
    const type = (name: string, kind: string) => {
      if (typed.has(name)) return;
      typed.add(name);
      lines.push(`# TYPE ${name} ${kind}`);
    };
    for (const [key, value] of [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      type(key.replace(/\{.*/, ""), "counter");
      lines.push(`${key} ${value}`);
    }
    for (const [key, { buckets, sum, count }] of [...this.#times].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const [name = "", labels = ""] = key.split("\n");
      const comma = labels ? `${labels},` : "";
      type(name, "histogram");
      lines.push(...bounds.map((bound, at) => `${name}_bucket{${comma}le="${bound}"} ${buckets[at]}`));
      lines.push(`${name}_bucket{${comma}le="+Inf"} ${count}`);
      lines.push(`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${count}`);
    }
    for (const [name, value, labels] of gauges) {
      type(name, "gauge");
      lines.push(`${name}${labels ? text(labels) : ""} ${value}`);
    }
    return `${lines.join("\n")}\n`;
  }
}

function inner(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`)
    .join(",");
}

const text = (labels: Labels) => `{${inner(labels)}}`;
