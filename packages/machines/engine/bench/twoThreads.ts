// Prints how long the perceptron takes on two threads, here and in onnxruntime-web; started by networks.bench.ts.
import * as ort from "onnxruntime-web";
import { stopThreads } from "../src/threads/pool.ts";
import { perceptron } from "./networks.ts";
import { assaySide, onnxSide, versus } from "./versus.ts";

ort.env.wasm.numThreads = 2;
const net = perceptron(64);
const theirs = await onnxSide(ort, net, { executionProviders: ["wasm"] });
// The peer's helper spins for about 45 ms after a run, on the processor that ours would use.
const times = await versus(await assaySide(net, 2), theirs, 24, { runs: 10, rest: 100 });
await stopThreads();
console.log(JSON.stringify(times));
process.exit(0); // the peer's threads would keep the process alive
