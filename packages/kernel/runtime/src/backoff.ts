/** Pauses that double from `first` to `most` milliseconds, each varied by a fifth so that nodes do not march in step. */
export interface Backoff {
  next(): number;
  reset(): void;
}

/** Makes a back-off that starts over on `reset`. */
export function backoff(options: {
  readonly first: number;
  readonly most: number;
  readonly random: (bytes: number) => Uint8Array;
}): Backoff {
  let failures = 0;
  return {
    next: () => vary(Math.min(options.most, options.first * 2 ** Math.min(30, failures++)), options.random),
    reset: () => {
      failures = 0;
    },
  };
}

/** `pause` milliseconds, more or less a fifth. */
export function vary(pause: number, random: (bytes: number) => Uint8Array): number {
  return pause * (0.8 + (0.4 * (random(1)[0] ?? 128)) / 255);
}

/** Waits; ends early when `signal` aborts or the function given to `onWake` is called. */
export function sleep(ms: number, signal?: AbortSignal, onWake?: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
    onWake?.(end);
    if (signal?.aborted) end();
  });
}
