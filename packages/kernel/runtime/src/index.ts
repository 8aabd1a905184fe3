// The API of this room: compose a node from capabilities, serve it, log.
export type { ApiOptions } from "./http/api.ts";
export { type Listening, listen } from "./listen.ts";
export { createLogger, type Level } from "./logger.ts";
export { createRuntime, gatherActions, type RuntimeOptions } from "./runtime.ts";
export { gatherMigrations } from "./tables.ts";
export type { CallOptions, Runtime } from "./types.ts";
