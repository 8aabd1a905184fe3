import { attentionOps } from "./attention.ts";
import { binaryOps } from "./binary.ts";
import { controlOps } from "./control.ts";
import { convOps } from "./conv.ts";
import { detectOps } from "./detect.ts";
import { gridOps } from "./grid.ts";
import { indexOps } from "./index.ts";
import { lossOps } from "./loss.ts";
import { makeOps } from "./make.ts";
import { mapOps } from "./maps.ts";
import { matmulOps } from "./matmul.ts";
import { mlOps } from "./ml.ts";
import { normOps } from "./norm.ts";
import type { OnnxOp } from "./op.ts";
import { optimizerOps } from "./optimizer.ts";
import { poolOps } from "./pool.ts";
import { quantizeOps } from "./quantize.ts";
import { recurrentOps } from "./recurrent.ts";
import { reduceOps } from "./reduce.ts";
import { regexOps } from "./regex.ts";
import { regionOps } from "./region.ts";
import { resizeOps } from "./resize.ts";
import { shapeOps } from "./shape.ts";
import { signalOps } from "./signal.ts";
import { svmOps } from "./svm.ts";
import { textOps } from "./text.ts";
import { unaryOps } from "./unary.ts";

/** Every operator of the importer. */
export const ONNX_OPS: readonly OnnxOp[] = [
  ...unaryOps,
  ...binaryOps,
  ...reduceOps,
  ...shapeOps,
  ...indexOps,
  ...makeOps,
  ...matmulOps,
  ...normOps,
  ...lossOps,
  ...controlOps,
  ...attentionOps,
  ...convOps,
  ...poolOps,
  ...quantizeOps,
  ...resizeOps,
  ...recurrentOps,
  ...mlOps,
  ...mapOps,
  ...gridOps,
  ...optimizerOps,
  ...textOps,
  ...signalOps,
  ...detectOps,
  ...regexOps,
  ...regionOps,
  ...svmOps,
];

const byKey = new Map(ONNX_OPS.map((op) => [`${op.domain}:${op.name}`, op]));

/** The operator of a domain ("" is ai.onnx), if it is built in. */
export function findOnnxOp(domain: string, name: string): OnnxOp | undefined {
  return byKey.get(`${domain}:${name}`);
}
