import { NotFoundError } from "@base/errors";
import { gradient as addGradient } from "./add/gradient.ts";
import { kernel as addKernel } from "./add/kernel.ts";
import { reference as addReference } from "./add/reference.ts";
import { gradient as subGradient } from "./sub/gradient.ts";
import { kernel as subKernel } from "./sub/kernel.ts";
import { reference as subReference } from "./sub/reference.ts";
import { gradient as mulGradient } from "./mul/gradient.ts";
import { kernel as mulKernel } from "./mul/kernel.ts";
import { reference as mulReference } from "./mul/reference.ts";
import { gradient as divGradient } from "./div/gradient.ts";
import { kernel as divKernel } from "./div/kernel.ts";
import { reference as divReference } from "./div/reference.ts";
import { gradient as sqrtGradient } from "./sqrt/gradient.ts";
import { kernel as sqrtKernel } from "./sqrt/kernel.ts";
import { reference as sqrtReference } from "./sqrt/reference.ts";
import { gradient as expGradient } from "./exp/gradient.ts";
import { kernel as expKernel } from "./exp/kernel.ts";
import { reference as expReference } from "./exp/reference.ts";
import { gradient as logGradient } from "./log/gradient.ts";
import { kernel as logKernel } from "./log/kernel.ts";
import { reference as logReference } from "./log/reference.ts";
import { gradient as reluGradient } from "./relu/gradient.ts";
import { kernel as reluKernel } from "./relu/kernel.ts";
import { reference as reluReference } from "./relu/reference.ts";
import { gradient as gateGradient } from "./gate/gradient.ts";
import { kernel as gateKernel } from "./gate/kernel.ts";
import { reference as gateReference } from "./gate/reference.ts";
import { gradient as sigmoidGradient } from "./sigmoid/gradient.ts";
import { kernel as sigmoidKernel } from "./sigmoid/kernel.ts";
import { reference as sigmoidReference } from "./sigmoid/reference.ts";
import { gradient as tanhGradient } from "./tanh/gradient.ts";
import { kernel as tanhKernel } from "./tanh/kernel.ts";
import { reference as tanhReference } from "./tanh/reference.ts";
import { gradient as softplusGradient } from "./softplus/gradient.ts";
import { kernel as softplusKernel } from "./softplus/kernel.ts";
import { reference as softplusReference } from "./softplus/reference.ts";
import { gradient as matmulGradient } from "./matmul/gradient.ts";
import { kernel as matmulKernel } from "./matmul/kernel.ts";
import { reference as matmulReference } from "./matmul/reference.ts";
import { gradient as transposeGradient } from "./transpose/gradient.ts";
import { kernel as transposeKernel } from "./transpose/kernel.ts";
import { reference as transposeReference } from "./transpose/reference.ts";
import { gradient as reshapeGradient } from "./reshape/gradient.ts";
import { kernel as reshapeKernel } from "./reshape/kernel.ts";
import { reference as reshapeReference } from "./reshape/reference.ts";
import { gradient as rowsumGradient } from "./rowsum/gradient.ts";
import { kernel as rowsumKernel } from "./rowsum/kernel.ts";
import { reference as rowsumReference } from "./rowsum/reference.ts";
import { gradient as colsumGradient } from "./colsum/gradient.ts";
import { kernel as colsumKernel } from "./colsum/kernel.ts";
import { reference as colsumReference } from "./colsum/reference.ts";
import { gradient as fillGradient } from "./fill/gradient.ts";
import { kernel as fillKernel } from "./fill/kernel.ts";
import { reference as fillReference } from "./fill/reference.ts";
import type { Op } from "./op.ts";

/** Every operator, in the order in which the kernel module is emitted. */
export const OPS: readonly Op[] = [
  { name: "add", reference: addReference, kernel: addKernel, gradient: addGradient },
  { name: "sub", reference: subReference, kernel: subKernel, gradient: subGradient },
  { name: "mul", reference: mulReference, kernel: mulKernel, gradient: mulGradient },
  { name: "div", reference: divReference, kernel: divKernel, gradient: divGradient },
  { name: "sqrt", reference: sqrtReference, kernel: sqrtKernel, gradient: sqrtGradient },
  { name: "exp", reference: expReference, kernel: expKernel, gradient: expGradient },
  { name: "log", reference: logReference, kernel: logKernel, gradient: logGradient },
  { name: "relu", reference: reluReference, kernel: reluKernel, gradient: reluGradient },
  { name: "gate", reference: gateReference, kernel: gateKernel, gradient: gateGradient },
  { name: "sigmoid", reference: sigmoidReference, kernel: sigmoidKernel, gradient: sigmoidGradient },
  { name: "tanh", reference: tanhReference, kernel: tanhKernel, gradient: tanhGradient },
  { name: "softplus", reference: softplusReference, kernel: softplusKernel, gradient: softplusGradient },
  { name: "matmul", reference: matmulReference, kernel: matmulKernel, gradient: matmulGradient },
  { name: "transpose", reference: transposeReference, kernel: transposeKernel, gradient: transposeGradient },
  { name: "reshape", reference: reshapeReference, kernel: reshapeKernel, gradient: reshapeGradient },
  { name: "rowsum", reference: rowsumReference, kernel: rowsumKernel, gradient: rowsumGradient },
  { name: "colsum", reference: colsumReference, kernel: colsumKernel, gradient: colsumGradient },
  { name: "fill", reference: fillReference, kernel: fillKernel, gradient: fillGradient },
];

const byName = new Map(OPS.map((op) => [op.name, op]));

/** The operator of that name; throws NotFoundError that lists the names. */
export function findOp(name: string): Op {
  const op = byName.get(name);
  if (op === undefined)
    throw new NotFoundError(`There is no operator "${name}".`, { hints: [`Known: ${[...byName.keys()].join(", ")}.`] });
  return op;
}
