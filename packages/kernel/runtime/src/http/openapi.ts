// OpenAPI 3.1 from the same schemas that check the requests.
import type { Action, Capability } from "@kernel/capability";
import { fieldsOf } from "@kernel/capability/fields.ts";
import { type JsonSchema, jsonSchema } from "@kernel/capability/wire.ts";

const problem = { $ref: "#/components/responses/Problem" };

/** Path of an action: `assets.publish` is /v1/assets/publish. */
export const pathOf = (action: Pick<Action, "name">): string => `/v1/${action.name.replace(".", "/")}`;

/** The description of the whole API (OpenAPI 3.1). Whole numbers beyond 2^53 are decimal strings, bytes 0x-hex. */
export function openApi(capabilities: readonly Capability[], version: string): JsonSchema {
  const paths: Record<string, unknown> = {};
  for (const capability of capabilities) {
    for (const action of capability.actions ?? []) paths[pathOf(action)] = pathItem(capability.name, action);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Assay",
      version,
      description:
        "Whole numbers that may pass 2^53 are decimal strings, bytes are 0x-hex, days are YYYY-MM-DD. A POST with `Accept: text/event-stream` answers `progress` events, then `result` or `error`.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    tags: capabilities.map(({ name, summary }) => ({ name, description: summary })),
    paths: { ...paths, ...fixedPaths },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      responses: {
        Problem: {
          description: "What went wrong and what to do (RFC 9457).",
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
      schemas: {
        Problem: {
          type: "object",
          required: ["type", "title", "status", "name", "message", "kind", "hints", "data"],
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
            name: { type: "string" },
            message: { type: "string" },
            kind: { enum: ["retryable", "user", "bug"] },
            hints: { type: "array", items: { type: "string" } },
            data: { type: "object" },
          },
        },
      },
    },
  };
}

function pathItem(tag: string, action: Action): JsonSchema {
  const common = {
    tags: [tag],
    summary: action.summary,
    ...(action.errors?.length ? { description: `Errors: ${action.errors.join(", ")}.` } : {}),
    responses: {
      200: { description: "Done.", content: { "application/json": { schema: jsonSchema(action.output, "output") } } },
      default: problem,
    },
  };
  const id = action.name.replace(".", "_");
  const post = {
    ...common,
    operationId: id,
    requestBody: { required: true, content: { "application/json": { schema: jsonSchema(action.input, "input") } } },
  };
  if (action.kind === "write") {
    const key = { name: "Idempotency-Key", in: "header", schema: { type: "string", maxLength: 255 } };
    const description = "The same key with the same body does the work once.";
    return { post: { ...post, parameters: [{ ...key, description }], security: [{}, { token: [] }] } };
  }
  const properties = (jsonSchema(action.input, "input").properties ?? {}) as Record<string, JsonSchema>;
  const parameters = fieldsOf(action.input).map(({ name, required, description, type, list }) => {
    const schema = properties[name] ?? {};
    const form = type === "json" && !list ? { content: { "application/json": { schema } } } : { schema };
    return { name, in: "query", required, ...(description ? { description } : {}), ...form };
  });
  return { get: { ...common, operationId: `get_${id}`, parameters }, post };
}

const fixedPaths = {
  "/v1/blobs/{hash}": {
    get: {
      summary: "The bytes with this SHA-256; they never change.",
      parameters: [
        { name: "hash", in: "path", required: true, schema: { type: "string", pattern: "^0x[0-9a-f]{64}$" } },
      ],
      responses: {
        200: { description: "The bytes.", content: { "application/octet-stream": { schema: {} } } },
        304: { description: "You have them." },
        default: problem,
      },
    },
  },
  "/v1/events": {
    get: {
      summary: "What happens, as server-sent events; resumes after `Last-Event-ID`.",
      parameters: [
        { name: "types", in: "query", schema: { type: "string" }, description: "Comma list, e.g. rows,job." },
        { name: "since", in: "query", schema: { type: "string" }, description: "Id to resume after." },
      ],
      responses: {
        200: { description: "The stream.", content: { "text/event-stream": { schema: { type: "string" } } } },
      },
    },
  },
  "/v1/status": {
    get: {
      summary: "Chain, index, queue and identities of this node.",
      responses: {
        200: { description: "Now.", content: { "application/json": { schema: { type: "object" } } } },
        default: problem,
      },
    },
  },
};
