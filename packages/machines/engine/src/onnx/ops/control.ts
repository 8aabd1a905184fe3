import { isTensor, longs, numbersOf, type OnnxTensor, type OnnxValue, reshaped } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { concat, part, splitSizes } from "./shape.ts";

const truth = (value: boolean): OnnxTensor => ({ dtype: "bool", shape: [], data: Uint8Array.of(value ? 1 : 0) });

function isTrue(call: Call, value: OnnxValue | undefined): boolean {
  if (!isTensor(value) || value.dtype !== "bool" || value.data.length !== 1)
    throw call.fault("a condition must be one bool");
  return value.data[0] !== 0;
}

/** Tensors of equal shape as one, with a new axis. */
function stack(call: Call, list: readonly OnnxTensor[], axis: number): OnnxTensor {
  const lifted = list.map((tensor) =>
    reshaped(tensor, [...tensor.shape.slice(0, axis), 1, ...tensor.shape.slice(axis)]),
  );
  return concat(call, lifted, axis);
}

function loop(call: Call): OnnxValue[] {
  const body = call.graph("body");
  const most = call.inputs[0] === undefined ? Number.POSITIVE_INFINITY : call.number(0, 0);
  let going = call.inputs[1] === undefined || isTrue(call, call.inputs[1]);
  const carried = call.inputs.slice(2).map((value) => value as OnnxValue);
  const count = carried.length;
  const scans: OnnxTensor[][] = Array.from({ length: body.output.length - 1 - count }, () => []);
  for (let i = 0; i < most && going; i++) {
    const results = call.run(body, [longs([i], []), truth(true), ...carried]);
    going = isTrue(call, results[0]);
    results.slice(1, count + 1).forEach((value, j) => {
      carried[j] = value;
    });
    results.slice(count + 1).forEach((value, j) => {
      if (!isTensor(value)) throw call.fault("a scan output is not a tensor");
      (scans[j] as OnnxTensor[]).push(value);
    });
  }
  return [
    ...carried,
    ...scans.map((list) => {
      if (list.length === 0) throw call.unsupported("a loop that never runs has scan outputs of unknown shape");
      return stack(call, list, 0);
    }),
  ];
}

/** Version 8: every operand has a batch axis first, and every batch entry is scanned alone. */
function batchedScan(call: Call): OnnxValue[] {
  if (call.inputs[0] !== undefined) throw call.unsupported("sequence lengths in version 8");
  const body = call.graph("body");
  const operands = call.inputs.slice(1).map((_, i) => call.tensor(i + 1));
  const width = operands.length - call.int("num_scan_inputs", 0);
  const [batch, length] = [operands[0]?.shape[0] ?? 0, operands[width]?.shape[1] ?? 0];
  if (width < 0 || batch < 1 || length < 1) throw call.unsupported("nothing to scan");
  if (operands.some((x, i) => x.shape[0] !== batch || (i >= width && x.shape[1] !== length)))
    throw call.fault("batch or sequence extents differ");
  const backwards = call.ints("directions") ?? [];
  const at = (x: OnnxTensor, axes: readonly number[]): OnnxTensor =>
    axes.reduce((piece, place) => reshaped(part(piece, 0, place, 1), piece.shape.slice(1)), x);
  const entries = Array.from({ length: batch }, (_, b) => {
    let states: OnnxValue[] = operands.slice(0, width).map((x) => at(x, [b]));
    const scans: OnnxTensor[][] = Array.from({ length: body.output.length - width }, () => []);
    for (let t = 0; t < length; t++) {
      const slices = operands.slice(width).map((x, i) => at(x, [b, backwards[i] === 1 ? length - 1 - t : t]));
      const results = call.run(body, [...states, ...slices]);
      states = results.slice(0, width);
      results.slice(width).forEach((value, i) => {
        if (!isTensor(value)) throw call.fault("a scan output is not a tensor");
        (scans[i] as OnnxTensor[]).push(value);
      });
    }
    return [...states, ...scans.map((list) => stack(call, list, 0))];
  });
  return (entries[0] as OnnxValue[]).map((_, i) =>
    stack(
      call,
      entries.map((entry) => {
        const value = entry[i];
        if (!isTensor(value)) throw call.fault("a state is not a tensor");
        return value;
      }),
      0,
    ),
  );
}

function scan(call: Call): OnnxValue[] {
  if (call.opset < 9) return batchedScan(call);
  const body = call.graph("body");
  const streams = call.int("num_scan_inputs", 0);
  const inputs = call.tensors();
  const states: OnnxValue[] = inputs.slice(0, inputs.length - streams);
  const scanned = inputs.slice(inputs.length - streams);
  const width = states.length;
  const axes = scanned.map((x, i) => call.axis(call.ints("scan_input_axes")?.[i] ?? 0, x.shape.length));
  const backwards = call.ints("scan_input_directions") ?? [];
  const length = scanned[0]?.shape[axes[0] as number] ?? 0;
  const outputs: OnnxTensor[][] = Array.from({ length: body.output.length - width }, () => []);
  for (let t = 0; t < length; t++) {
    const slices = scanned.map((x, i) => {
      const axis = axes[i] as number;
      const piece = part(x, axis, backwards[i] === 1 ? length - 1 - t : t, 1);
      return reshaped(
        piece,
        piece.shape.filter((_, j) => j !== axis),
      );
    });
    const results = call.run(body, [...states, ...slices]);
    results.slice(0, width).forEach((value, i) => {
      states[i] = value;
    });
    results.slice(width).forEach((value, i) => {
      if (!isTensor(value)) throw call.fault("a scan output is not a tensor");
      (outputs[i] as OnnxTensor[]).push(value);
    });
  }
  const directions = call.ints("scan_output_directions") ?? [];
  const places = call.ints("scan_output_axes") ?? [];
  return [
    ...states,
    ...outputs.map((list, i) => {
      const ordered = directions[i] === 1 ? [...list].reverse() : list;
      const rank = (ordered[0]?.shape.length ?? 0) + 1;
      return stack(call, ordered, call.axis(places[i] ?? 0, rank));
    }),
  ];
}

function place(call: Call, index: number, length: number, last: number): number {
  const result = index < 0 ? index + length : index;
  if (!(result >= 0 && result <= last)) throw call.fault(`position ${index} is outside of ${length} entries`);
  return result;
}

function splitToSequence(call: Call): OnnxValue[] {
  const x = call.tensor(0);
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  const extent = x.shape[axis] as number;
  const given = call.optional(1);
  const list = given === undefined ? undefined : Array.from(numbersOf(given));
  const chunk = list?.[0] ?? 1;
  if (given?.shape.length === 0 && !(chunk >= 1)) throw call.fault(`parts of ${chunk}`);
  const even = Array.from({ length: Math.ceil(extent / chunk) }, (_, i) => Math.min(chunk, extent - i * chunk));
  const sizes = given === undefined || given.shape.length === 0 ? even : splitSizes(call, extent, list, 1);
  let from = 0;
  const pieces = sizes.map((count) => {
    const piece = part(x, axis, from, count);
    from += count;
    if (given !== undefined || call.int("keepdims", 1) !== 0) return piece;
    return reshaped(
      piece,
      piece.shape.filter((_, i) => i !== axis),
    );
  });
  return [pieces];
}

function sequenceMap(call: Call): OnnxValue[] {
  const body = call.graph("body");
  const first = call.sequence(0);
  const outputs: OnnxValue[][] = body.output.map(() => []);
  first.forEach((entry, i) => {
    const rest = call.inputs
      .slice(1)
      .map((value) => (Array.isArray(value) ? (value[i] as OnnxValue) : (value as OnnxValue)));
    call.run(body, [entry, ...rest]).forEach((value, j) => {
      (outputs[j] as OnnxValue[]).push(value);
    });
  });
  return outputs;
}

function concatSequence(call: Call): OnnxValue[] {
  const list = call.sequence(0).map((value) => {
    if (!isTensor(value)) throw call.fault("the sequence holds more than tensors");
    return value;
  });
  const fresh = call.int("new_axis", 0) !== 0;
  const rank = (list[0]?.shape.length ?? 0) + (fresh ? 1 : 0);
  const axis = call.axis(call.int("axis", 0), rank);
  return [fresh ? stack(call, list, axis) : concat(call, list, axis)];
}

/** Control flow, sequences and optionals. */
export const controlOps: readonly OnnxOp[] = [
  define("If", [1, 11, 13, 16, 19, 21, 23, 24, 25], "then_branch else_branch", (call) =>
    call.run(call.graph(isTrue(call, call.inputs[0]) ? "then_branch" : "else_branch"), []),
  ),
  define("Loop", [1, 11, 13, 16, 19, 21, 23, 24, 25], "body", loop),
  define(
    "Scan",
    [8, 9, 11, 16, 19, 21, 23, 24, 25],
    "body directions num_scan_inputs scan_input_axes scan_input_directions scan_output_axes scan_output_directions",
    scan,
  ),
  define("SequenceConstruct", [11], "", (call) => [call.tensors()]),
  define("SequenceEmpty", [11], "dtype", () => [[]]),
  define("SequenceLength", [11], "", (call) => [longs([call.sequence(0).length], [])]),
  define("SequenceAt", [11], "", (call) => {
    const list = call.sequence(0);
    return [list[place(call, call.number(1, 0), list.length, list.length - 1)]];
  }),
  define("SequenceInsert", [11], "", (call) => {
    const list = [...call.sequence(0)];
    list.splice(place(call, call.number(2, list.length), list.length, list.length), 0, call.tensor(1));
    return [list];
  }),
  define("SequenceErase", [11], "", (call) => {
    const list = [...call.sequence(0)];
    list.splice(place(call, call.number(1, -1), list.length, list.length - 1), 1);
    return [list];
  }),
  define("SplitToSequence", [11, 24], "axis keepdims", splitToSequence),
  define("ConcatFromSequence", [11], "axis new_axis", concatSequence),
  define("SequenceMap", [17], "body", sequenceMap),
  define("Optional", [15], "type", (call) => [call.inputs[0] ?? null]),
  define("OptionalHasElement", [15, 18], "", (call) => [
    truth(call.inputs[0] !== undefined && call.inputs[0] !== null),
  ]),
  define("OptionalGetElement", [15, 18], "", (call) => {
    const value = call.inputs[0];
    if (value === undefined || value === null) throw call.fault("the optional holds nothing");
    return [value];
  }),
];
