import { UnavailableError } from "@base/errors";
import { describe, expect, it } from "vitest";
import { createLogger } from "./logger.ts";

describe("the logger", () => {
  it("writes one JSON object a line and keeps secrets out, at any depth", () => {
    const lines: string[] = [];
    const log = createLogger({ write: (line) => lines.push(line), clock: () => 0, fields: { node: "a" } });
    log.info("hello", {
      block: 7n,
      token: "t0p",
      nested: { privateKey: "0xabc", list: [{ password: "hunter2", api_key: "x" }] },
      error: new UnavailableError("away"),
      hash: new Uint8Array([1]),
      odd: Symbol("s"),
    });
    log.debug("not written");
    const all = lines.join("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(all)).toMatchObject({
      level: "info",
      time: "1970-01-01T00:00:00.000Z",
      message: "hello",
      node: "a",
      block: "7",
    });
    for (const secret of ["t0p", "0xabc", "hunter2", '"x"']) expect(all).not.toContain(secret);
    expect(JSON.parse(all).error).toEqual({ name: "UnavailableError", message: "away" });
  });

  it("keeps its line whole when a value cannot be said", () => {
    const lines: string[] = [];
    const log = createLogger({ write: (line) => lines.push(line), clock: () => 0, level: "debug" });
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    log.debug("loop", { loop, nan: Number.NaN });
    expect(JSON.parse(lines[0] as string)).toMatchObject({ message: "loop", nan: "NaN" });
  });
});
