import { NotFoundError } from "@base/errors";
import { gradient as addGradient } from "./add/gradient.ts";
import { kernel as addKernel } from "./add/kernel.ts";
import { reference as addReference } from "./add/reference.ts";
import { gradient as avgpoolGradient } from "./avgpool/gradient.ts";
import { kernel as avgpoolKernel } from "./avgpool/kernel.ts";
import { reference as avgpoolReference } from "./avgpool/reference.ts";
import { gradient as clipGradient } from "./clip/gradient.ts";
import { kernel as clipKernel } from "./clip/kernel.ts";
import { reference as clipReference } from "./clip/reference.ts";
import { gradient as colsumGradient } from "./colsum/gradient.ts";
import { kernel as colsumKernel } from "./colsum/kernel.ts";
import { reference as colsumReference } from "./colsum/reference.ts";
import { gradient as conv2dGradient } from "./conv2d/gradient.ts";
import { kernel as conv2dKernel } from "./conv2d/kernel.ts";
import { reference as conv2dReference } from "./conv2d/reference.ts";
import { gradient as divGradient } from "./div/gradient.ts";
import { kernel as divKernel } from "./div/kernel.ts";
import { reference as divReference } from "./div/reference.ts";
import { gradient as expGradient } from "./exp/gradient.ts";
import { kernel as expKernel } from "./exp/kernel.ts";
import { reference as expReference } from "./exp/reference.ts";
import { gradient as fillGradient } from "./fill/gradient.ts";
import { kernel as fillKernel } from "./fill/kernel.ts";
import { reference as fillReference } from "./fill/reference.ts";
import { gradient as foldGradient } from "./fold/gradient.ts";
import { kernel as foldKernel } from "./fold/kernel.ts";
import { reference as foldReference } from "./fold/reference.ts";
import { gradient as gateGradient } from "./gate/gradient.ts";
import { kernel as gateKernel } from "./gate/kernel.ts";
import { reference as gateReference } from "./gate/reference.ts";
import { gradient as logGradient } from "./log/gradient.ts";
import { kernel as logKernel } from "./log/kernel.ts";
import { reference as logReference } from "./log/reference.ts";
import { gradient as matmulGradient } from "./matmul/gradient.ts";
import { kernel as matmulKernel } from "./matmul/kernel.ts";
import { reference as matmulReference } from "./matmul/reference.ts";
import { gradient as maxpoolGradient } from "./maxpool/gradient.ts";
import { kernel as maxpoolKernel } from "./maxpool/kernel.ts";
import { reference as maxpoolReference } from "./maxpool/reference.ts";
import { gradient as maxpoolgradGradient } from "./maxpoolgrad/gradient.ts";
import { kernel as maxpoolgradKernel } from "./maxpoolgrad/kernel.ts";
import { reference as maxpoolgradReference } from "./maxpoolgrad/reference.ts";
import { gradient as mulGradient } from "./mul/gradient.ts";
import { kernel as mulKernel } from "./mul/kernel.ts";
import { reference as mulReference } from "./mul/reference.ts";
import { gradient as permuteGradient } from "./permute/gradient.ts";
import { kernel as permuteKernel } from "./permute/kernel.ts";
import { reference as permuteReference } from "./permute/reference.ts";
import { gradient as reluGradient } from "./relu/gradient.ts";
import { kernel as reluKernel } from "./relu/kernel.ts";
import { reference as reluReference } from "./relu/reference.ts";
import { gradient as reshapeGradient } from "./reshape/gradient.ts";
import { kernel as reshapeKernel } from "./reshape/kernel.ts";
import { reference as reshapeReference } from "./reshape/reference.ts";
import { gradient as rowsumGradient } from "./rowsum/gradient.ts";
import { kernel as rowsumKernel } from "./rowsum/kernel.ts";
import { reference as rowsumReference } from "./rowsum/reference.ts";
import { gradient as sigmoidGradient } from "./sigmoid/gradient.ts";
import { kernel as sigmoidKernel } from "./sigmoid/kernel.ts";
import { reference as sigmoidReference } from "./sigmoid/reference.ts";
import { gradient as softplusGradient } from "./softplus/gradient.ts";
import { kernel as softplusKernel } from "./softplus/kernel.ts";
import { reference as softplusReference } from "./softplus/reference.ts";
import { gradient as sqrtGradient } from "./sqrt/gradient.ts";
import { kernel as sqrtKernel } from "./sqrt/kernel.ts";
import { reference as sqrtReference } from "./sqrt/reference.ts";
import { gradient as subGradient } from "./sub/gradient.ts";
import { kernel as subKernel } from "./sub/kernel.ts";
import { reference as subReference } from "./sub/reference.ts";
import { gradient as tanhGradient } from "./tanh/gradient.ts";
import { kernel as tanhKernel } from "./tanh/kernel.ts";
import { reference as tanhReference } from "./tanh/reference.ts";
import { gradient as transposeGradient } from "./transpose/gradient.ts";
import { kernel as transposeKernel } from "./transpose/kernel.ts";
import { reference as transposeReference } from "./transpose/reference.ts";
import { gradient as unfoldGradient } from "./unfold/gradient.ts";
import { kernel as unfoldKernel } from "./unfold/kernel.ts";
import { reference as unfoldReference } from "./unfold/reference.ts";
import { gradient as softmaxGradient } from "./softmax/gradient.ts";
import { kernel as softmaxKernel } from "./softmax/kernel.ts";
import { reference as softmaxReference } from "./softmax/reference.ts";
import { gradient as logsumexpGradient } from "./logsumexp/gradient.ts";
import { kernel as logsumexpKernel } from "./logsumexp/kernel.ts";
import { reference as logsumexpReference } from "./logsumexp/reference.ts";
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
  { name: "clip", reference: clipReference, kernel: clipKernel, gradient: clipGradient },
  { name: "gate", reference: gateReference, kernel: gateKernel, gradient: gateGradient },
  { name: "sigmoid", reference: sigmoidReference, kernel: sigmoidKernel, gradient: sigmoidGradient },
  { name: "tanh", reference: tanhReference, kernel: tanhKernel, gradient: tanhGradient },
  { name: "softplus", reference: softplusReference, kernel: softplusKernel, gradient: softplusGradient },
  { name: "matmul", reference: matmulReference, kernel: matmulKernel, gradient: matmulGradient },
  { name: "transpose", reference: transposeReference, kernel: transposeKernel, gradient: transposeGradient },
  { name: "permute", reference: permuteReference, kernel: permuteKernel, gradient: permuteGradient },
  { name: "reshape", reference: reshapeReference, kernel: reshapeKernel, gradient: reshapeGradient },
  { name: "fill", reference: fillReference, kernel: fillKernel, gradient: fillGradient },
  { name: "rowsum", reference: rowsumReference, kernel: rowsumKernel, gradient: rowsumGradient },
  { name: "colsum", reference: colsumReference, kernel: colsumKernel, gradient: colsumGradient },
  { name: "unfold", reference: unfoldReference, kernel: unfoldKernel, gradient: unfoldGradient },
  { name: "fold", reference: foldReference, kernel: foldKernel, gradient: foldGradient },
  { name: "conv2d", reference: conv2dReference, kernel: conv2dKernel, gradient: conv2dGradient },
  { name: "maxpool", reference: maxpoolReference, kernel: maxpoolKernel, gradient: maxpoolGradient },
  { name: "maxpoolgrad", reference: maxpoolgradReference, kernel: maxpoolgradKernel, gradient: maxpoolgradGradient },
  { name: "avgpool", reference: avgpoolReference, kernel: avgpoolKernel, gradient: avgpoolGradient },
  { name: "softmax", reference: softmaxReference, kernel: softmaxKernel, gradient: softmaxGradient },
  { name: "logsumexp", reference: logsumexpReference, kernel: logsumexpKernel, gradient: logsumexpGradient },
];

const byName = new Map(OPS.map((op) => [op.name, op]));

/** The operator of that name; throws NotFoundError that lists the names. */
export function findOp(name: string): Op {
  const op = byName.get(name);
  if (op === undefined)
    throw new NotFoundError(`There is no operator "${name}".`, { hints: [`Known: ${[...byName.keys()].join(", ")}.`] });
  return op;
}
