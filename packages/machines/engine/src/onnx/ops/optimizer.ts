import * as math from "../math.ts";
import type { OnnxTensor } from "../tensor.ts";
import { type Call, define, type OnnxOp } from "./op.ts";
import { step, stored } from "./shared.ts";

/** New values of one parameter and its states, element by element. */
type Rule = (x: number, g: number, states: readonly number[]) => readonly number[];

/** Applies a rule to all parameters: operands are R, T, then all X, all G, and all of each state. */
function update(
  call: Call,
  states: number,
  make: (rate: number, t: number, f: (x: number) => number) => Rule,
): OnnxTensor[] {
  const [rate, t] = [call.number(0, 0), call.number(1, 0)];
  const tensors = call.tensors().slice(2);
  const width = states + 2;
  const count = tensors.length / width;
  if (!Number.isInteger(count) || count < 1) throw call.fault("parameters, gradients and states differ in number");
  const outputs: OnnxTensor[][] = Array.from({ length: states + 1 }, () => []);
  for (let k = 0; k < count; k++) {
    const own = Array.from({ length: width }, (_, role) => tensors[role * count + k] as OnnxTensor);
    const [x, g] = own as [OnnxTensor, OnnxTensor];
    for (const tensor of own)
      if (tensor.data.length !== x.data.length) throw call.fault("a gradient or state has another shape");
    const rule = make(rate, t, step(x.dtype));
    const results = Array.from(x.data as Float32Array, (value, i) =>
      rule(
        value,
        g.data[i] as number,
        own.slice(2).map((s) => s.data[i] as number),
      ),
    );
    outputs.forEach((list, role) => {
      list.push(
        stored(
          x.dtype,
          x.shape,
          results.map((row) => row[role] as number),
        ),
      );
    });
  }
  return outputs.flat();
}

function adam(call: Call): OnnxTensor[] {
  const [alpha, beta, epsilon] = [
    call.float("alpha", Math.fround(0.9)),
    call.float("beta", Math.fround(0.999)),
    call.float("epsilon", 0),
  ];
  const [norm, post] = [call.float("norm_coefficient", 0), call.float("norm_coefficient_post", 0)];
  return update(call, 2, (rate, t, f) => {
    const adjusted = t > 0 ? f(rate * f(Math.sqrt(f(1 - f(math.pow(beta, t)))) / f(1 - f(math.pow(alpha, t))))) : rate;
    return (x, g, [v = 0, h = 0]) => {
      const slope = f(f(norm * x) + g);
      const v2 = f(f(alpha * v) + f(f(1 - alpha) * slope));
      const h2 = f(f(beta * h) + f(f(1 - beta) * f(slope * slope)));
      const next = f(x - f(f(adjusted * v2) / f(f(Math.sqrt(h2)) + epsilon)));
      return [f(f(1 - post) * next), v2, h2];
    };
  });
}

function adagrad(call: Call): OnnxTensor[] {
  const [decay, epsilon, norm] = [
    call.float("decay_factor", 0),
    call.float("epsilon", 0),
    call.float("norm_coefficient", 0),
  ];
  return update(call, 1, (rate, t, f) => {
    const r = f(rate / f(1 + f(t * decay)));
    return (x, g, [h = 0]) => {
      const slope = f(f(norm * x) + g);
      const h2 = f(h + f(slope * slope));
      return [f(x - f(f(r * slope) / f(f(Math.sqrt(h2)) + epsilon))), h2];
    };
  });
}

function momentum(call: Call): OnnxTensor[] {
  const [alpha, beta, norm] = [call.float("alpha", 0), call.float("beta", 0), call.float("norm_coefficient", 0)];
  const mode = call.string("mode", "standard");
  if (mode !== "standard" && mode !== "nesterov") throw call.unsupported(`mode "${mode}" is unknown`);
  return update(call, 1, (rate, t, f) => {
    const share = t > 0 ? beta : 1;
    return (x, g, [v = 0]) => {
      const slope = f(f(norm * x) + g);
      const v2 = f(f(alpha * v) + f(share * slope));
      const move = mode === "standard" ? v2 : f(slope + f(alpha * v2));
      return [f(x - f(rate * move)), v2];
    };
  });
}

const TRAINING = "ai.onnx.preview.training";

/** Optimiser steps. */
export const optimizerOps: readonly OnnxOp[] = [
  define("Adam", [1], "alpha beta epsilon norm_coefficient norm_coefficient_post", adam, TRAINING),
  define("Adagrad", [1], "decay_factor epsilon norm_coefficient", adagrad, TRAINING),
  define("Momentum", [1], "alpha beta mode norm_coefficient", momentum, TRAINING),
];
