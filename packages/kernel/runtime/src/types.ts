import type { Action, Capability, Context, Progress } from "@kernel/capability";
import type { Hono } from "hono";
import type { Indexer } from "./indexer.ts";
import type { Jobs } from "./jobs.ts";
import type { NewsFeed } from "./news.ts";

export interface CallOptions {
  readonly onProgress?: ((step: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A composed node, not yet listening anywhere. */
export interface Runtime {
  readonly context: Context;
  readonly capabilities: readonly Capability[];
  /** By name, `room.verb`. */
  readonly actions: ReadonlyMap<string, Action>;
  readonly indexer: Indexer;
  readonly jobs: Jobs;
  readonly news: NewsFeed;
  /** The HTTP API, OpenAPI, SSE, MCP and static files, for `listen` or tests. */
  readonly app: Hono;
  /** Parses the input, runs the action, parses its result. Throws what the action throws, InvalidInputError, NotFoundError. */
  call(name: string, input: unknown, options?: CallOptions): Promise<unknown>;
  /** Starts index and workers. */
  start(): Promise<void>;
  /** Ends them gracefully; closes neither chain nor database. */
  stop(): Promise<void>;
}
