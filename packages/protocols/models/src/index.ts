import { defineAction, defineCapability } from "@kernel/capability";
import * as shape from "./shapes.ts";

const onnx = ["OnnxFormatError", "OnnxModelError", "OnnxLimitError", "UnsupportedOperatorError", "ModelTimeError"];

/** Models of any origin: brought along as files, run, looked into, explained, made small, taken elsewhere. */
// biome-ignore format: one action a line
export const models = defineCapability({
  name: "model",
  summary: "Import, run, inspect, explain, quantize and export models.",
  actions: [
    defineAction({ name: "model.import", summary: "Publish an ONNX file as a model asset.", kind: "write", input: shape.importInput, output: shape.importOutput, positional: ["file"], errors: [...onnx, "NotFoundError", "InvalidInputError", "ContractRevertError"], load: async () => (await import("./import.ts")).importModel }),
    defineAction({ name: "model.inspect", summary: "Show a model's graph, shapes, operators and cost, and what is not supported.", kind: "read", input: shape.inspectInput, output: shape.inspectOutput, positional: ["model"], errors: [...onnx, "NotFoundError", "InvalidInputError"], load: async () => (await import("./inspect.ts")).inspect }),
    defineAction({ name: "model.run", summary: "Run a model on rows of a table or on tensors.", kind: "read", input: shape.runInput, output: shape.runOutput, positional: ["model"], errors: [...onnx, "NotFoundError", "InvalidInputError", "TableError"], load: async () => (await import("./run.ts")).run }),
    defineAction({ name: "model.explain", summary: "Say what each column added to a model's answer for one row.", kind: "read", input: shape.explainInput, output: shape.explainOutput, positional: ["model"], errors: [...onnx, "NotFoundError", "InvalidInputError", "TableError"], load: async () => (await import("./explain.ts")).explain }),
    defineAction({ name: "model.quantize", summary: "Make an integer program of a network, with ranges from data, and tell what it costs in accuracy.", kind: "write", input: shape.quantizeInput, output: shape.quantizeOutput, positional: ["model"], errors: [...onnx, "NoAccessError", "NotFoundError", "InvalidInputError", "ContractRevertError"], load: async () => (await import("./quantize.ts")).quantize }),
    defineAction({ name: "model.export", summary: "Write a model as an ONNX file.", kind: "read", input: shape.exportInput, output: shape.exportOutput, positional: ["model"], errors: ["UnsupportedOperatorError", "NotFoundError", "InvalidInputError"], load: async () => (await import("./export.ts")).exportModel }),
  ],
  verifiers: { "assay/program/1": async () => (await import("./verifyProgram.ts")).verifyProgram },
});
