// The actions as MCP tools (Model Context Protocol, streamable HTTP, stateless): `assets.publish` is `assets_publish`.
import type { Action } from "@kernel/capability";
import { parseInput } from "@kernel/capability/fields.ts";
import { jsonSchema, toWire } from "@kernel/capability/wire.ts";
import type { McpHttpHandler, StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import type { Runtime } from "../types.ts";
import { problemOf } from "./problem.ts";

export interface McpOptions {
  readonly version: string;
  /** Largest request in bytes. */
  readonly limit: number;
  /** Refuses input that this caller may not give, e.g. paths. */
  readonly check: (action: Action, input: unknown) => void;
}

/** Makes the handler of /mcp; the SDK is loaded with the first request. */
export function mcpHandler(
  runtime: Pick<Runtime, "actions" | "call">,
  options: McpOptions,
): (request: Request) => Promise<Response> {
  let made: Promise<McpHttpHandler> | undefined;
  return async (request) => {
    made ??= makeHandler(runtime, options);
    return (await made).fetch(request);
  };
}

async function makeHandler(runtime: Pick<Runtime, "actions" | "call">, options: McpOptions): Promise<McpHttpHandler> {
  const { createMcpHandler, McpServer } = await import("@modelcontextprotocol/server");
  return createMcpHandler(
    () => {
      const server = new McpServer({ name: "assay", version: options.version });
      for (const action of runtime.actions.values()) register(server, runtime, options, action);
      return server;
    },
    { maxRequestBodySize: options.limit },
  );
}

function register(
  server: InstanceType<typeof import("@modelcontextprotocol/server").McpServer>,
  runtime: Pick<Runtime, "call">,
  options: McpOptions,
  action: Action,
): void {
  const output = jsonSchema(action.output, "output");
  server.registerTool(
    action.name.replace(".", "_"),
    {
      description: action.summary,
      inputSchema: standard(action),
      ...(output.type === "object" ? { outputSchema: wire(output) } : {}),
      annotations: { readOnlyHint: action.kind === "read", openWorldHint: false },
    },
    async (input: unknown, context) => {
      try {
        options.check(action, input);
        const result = toWire(await runtime.call(action.name, input, { signal: context.mcpReq.signal }));
        const structured = output.type === "object" ? { structuredContent: result as Record<string, unknown> } : {};
        return { content: [{ type: "text" as const, text: JSON.stringify(result) }], ...structured };
      } catch (error) {
        const { type: _, title: __, detail: ___, ...public_ } = problemOf(error);
        return { isError: true, content: [{ type: "text" as const, text: JSON.stringify(public_) }] };
      }
    },
  );
}

/** The action's input as the SDK wants schemas: JSON Schema to show, and a check that leaves parsing to the runtime. */
function standard(action: Action): StandardSchemaWithJSON<unknown, unknown> {
  const json = () => jsonSchema(action.input, "input") as Record<string, unknown>;
  return {
    "~standard": {
      version: 1,
      vendor: "assay",
      validate: (value: unknown) => {
        try {
          parseInput(action, value ?? {});
          return { value: value ?? {} };
        } catch (error) {
          return { issues: [{ message: (error as Error).message }] };
        }
      },
      jsonSchema: { input: json, output: json },
    },
  };
}

/** A result that the runtime has checked already, with its JSON Schema. */
function wire(schema: Readonly<Record<string, unknown>>): StandardSchemaWithJSON<unknown, unknown> {
  const json = () => schema as Record<string, unknown>;
  return {
    "~standard": {
      version: 1,
      vendor: "assay",
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: json, output: json },
    },
  };
}
