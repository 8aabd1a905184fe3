/** Most helpers of one pool; with the calling thread that makes 16. */
export const MOST_HELPERS = 15;

/** How long (ms) a helper sleeps beside the bell before it goes back to its messages. */
export const HOT_MS = 20;

/** Places in the bell that a pool's threads share: how often it rang, for which program, and per helper whether it hears and whether a message is under way. */
export const BELL = { count: 0, program: 16, hot: 32, called: 48, length: 64 } as const;

/** What the pool tells a helper. */
export type ToHelper =
  | { readonly kind: "start"; readonly bell: Int32Array; readonly self: number }
  | {
      readonly kind: "program";
      readonly id: number;
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly control: Int32Array;
      readonly calls: Int32Array;
      readonly tasks: Int32Array;
      readonly names: readonly string[];
    }
  | { readonly kind: "drop"; readonly id: number }
  | { readonly kind: "help" };
