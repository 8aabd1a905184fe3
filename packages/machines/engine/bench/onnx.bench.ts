import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { importOnnx } from "../src/onnx/model.ts";
import { fromNumbers } from "../src/onnx/tensor.ts";
import { STREAM, uniform } from "../src/random/philox.ts";
import { mobilenetFile } from "../test/mobilenet.ts";
import { imageNetwork, tokenNetwork } from "../test/onnxNetworks.ts";
import { scoreAll, tally } from "../test/onnxScoreboard.ts";
import type { BenchLine } from "./matmul.bench.ts";
import { regionLine } from "./onnxPeer.ts";

/** Milliseconds of one run of a network of MobileNetV2's shape from ONNX bytes, as one program and node by node. */
function programLine(): BenchLine {
  const size = 224;
  const model = importOnnx(mobilenetFile(size));
  const x = fromNumbers("float32", [1, 3, size, size], uniform(3 * size * size, 1, 1, STREAM.init, 0));
  const time = (nodes: boolean): number => {
    const from = performance.now();
    model.run({ x }, { nodes });
    return performance.now() - from;
  };
  const sides: [number[], number[]] = [[], []];
  time(false);
  for (let round = 0; round < 3; round++) {
    sides[1].push(time(true));
    for (let i = 0; i < 5; i++) sides[0].push(time(false));
  }
  const [whole, nodes] = sides.map((list) => list.sort((a, b) => a - b)[list.length >> 1] as number) as [
    number,
    number,
  ];
  return {
    bench: "engine.onnx.program",
    value: whole,
    unit: "ms",
    against: `${nodes.toFixed(0)} ms node by node`,
    ratio: nodes / whole,
  };
}

/** ONNX node cases that pass and that are answered wrongly; no lines when the cases are not there (ASSAY_EVIDENCE). */
export async function run(): Promise<BenchLine[]> {
  const archive = resolve(process.env.ASSAY_EVIDENCE ?? "../shared", "data/onnx-node/onnx-node-shared.tar.gz");
  const programs = [
    programLine(),
    await regionLine("engine.onnx.image", imageNetwork(64, 16)),
    await regionLine("engine.onnx.tokens", tokenNetwork(64, 128, 4, 500, 2)),
  ];
  if (!existsSync(archive)) return programs;
  const folder = mkdtempSync(join(tmpdir(), "assay-onnx-"));
  try {
    execFileSync("tar", ["xzf", archive, "-C", folder]);
    const { cases, passed, wrong } = tally(scoreAll(join(folder, "node")));
    return [
      ...programs,
      { bench: "engine.onnx.passed", value: passed, unit: `of ${cases} cases` },
      { bench: "engine.onnx.wrong", value: wrong, unit: "cases" },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
