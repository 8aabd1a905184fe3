// What happens in a node, for live screens: a short memory of numbered events and the streams that follow it.
import type { Progress } from "@kernel/capability";
import type { Json } from "@kernel/capability/wire.ts";

/** One event of the stream. Types: `event` (a contract's), `rows`, `head`, `rollback`, `job`, `progress`, `reset` (some were missed: reload). */
export interface News {
  /** `<start>-<number>`: ordered within one run of the node. */
  readonly id: string;
  readonly type: string;
  readonly data: { readonly [key: string]: Json };
}

/** Progress of one call, as the stream carries it. */
export interface CallProgress extends Progress {
  readonly call: string;
  readonly action: string;
}

/** Numbered events with a memory of the last `size` (1,000 unless said), so that a stream can resume. */
export class NewsFeed {
  readonly #start: string;
  readonly #size: number;
  readonly #past: News[] = [];
  readonly #listeners = new Set<(news: News) => void>();
  readonly #quiet = new Map<string, number>();
  readonly #clock: () => number;
  #count = 0;

  constructor(clock: () => number, size = 1_000) {
    this.#clock = clock;
    this.#start = clock().toString(36);
    this.#size = size;
  }

  /** Tells everyone. */
  publish(type: string, data: News["data"]): void {
    const news: News = { id: `${this.#start}-${++this.#count}`, type, data };
    this.#past.push(news);
    if (this.#past.length > this.#size) this.#past.shift();
    for (const listener of this.#listeners) listener(news);
  }

  /** Tells of progress at most ten times a second for each call, the last step of a bar always. */
  progress({ call, action, label, done, total, unit }: CallProgress): void {
    const now = this.#clock();
    const last = this.#quiet.get(`${call} ${label}`) ?? 0;
    const ended = done !== undefined && done === total;
    if (now - last < 100 && !ended) return;
    if (this.#quiet.size > 1_000) this.#quiet.clear();
    this.#quiet.set(`${call} ${label}`, now);
    const numbers = { ...(done === undefined ? {} : { done }), ...(total === undefined ? {} : { total }) };
    this.publish("progress", { call, action, label, ...numbers, ...(unit === undefined ? {} : { unit }) });
  }

  /** What came after `id`; a `reset` first when that is too long ago or of another run. */
  since(id: string | undefined): readonly News[] {
    if (id === undefined) return [];
    const [start, number] = id.split("-");
    const oldest = this.#count - this.#past.length;
    const after = Number(number);
    if (start === this.#start && after >= oldest && after <= this.#count) return this.#past.slice(after - oldest);
    return [{ id: `${this.#start}-${this.#count}`, type: "reset", data: {} }];
  }

  /** Calls `listener` with each event until the returned function is called. */
  subscribe(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
