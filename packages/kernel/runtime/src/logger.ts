import type { Logger } from "@kernel/capability";
import { toWire } from "@kernel/capability/wire.ts";

export type Level = "debug" | "info" | "warn" | "error";

const ranks: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Field names whose values never reach a log. `publicKey`, `key` of a job and the like stay readable under other names. */
const secret = /(^|_|-)(key|keys|secret|token|password|passphrase|mnemonic|authorization|cookie)$|privateKey|apiKey/i;

/**
 * A logger of one JSON object a line: {level, time (ISO 8601), message, ...fields}. What is named key, secret, token or
 * password is replaced by "[redacted]", at any depth. `write` takes the line without its end.
 */
export function createLogger(options: {
  readonly write: (line: string) => void;
  readonly clock: () => number;
  /** Least level that is written; info unless said. */
  readonly level?: Level;
  /** Fields of every line, e.g. the name of the node. */
  readonly fields?: Readonly<Record<string, unknown>>;
}): Logger {
  const least = ranks[options.level ?? "info"];
  const at = (level: Level) => (message: string, fields?: Record<string, unknown>) => {
    if (ranks[level] < least) return;
    const time = new Date(options.clock()).toISOString();
    const line = { level, time, message, ...(redact({ ...options.fields, ...fields }, 0) as object) };
    options.write(JSON.stringify(line));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function redact(value: unknown, depth: number): unknown {
  if (depth > 8) return "[too deep]";
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  if (typeof value === "object" && value !== null && !(value instanceof Uint8Array) && !(value instanceof Date)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [name, secret.test(name) ? "[redacted]" : redact(field, depth + 1)]),
    );
  }
  try {
    return toWire(value);
  } catch {
    return String(value);
  }
}
