import type { Hash } from "@base/bytes/hash.ts";
import { encodeAbiParameters, keccak256, stringToHex } from "viem";

/** A data input of the program: root of the tensor of all samples, elements of one sample. */
export interface JobData {
  readonly root: Hash;
  readonly width: bigint;
}

/** First value of a parameter or state: 0 all `bits`, 1 uniform below `bits` from Philox stream 1 at `index`, 2 a given tensor. */
export interface JobInit {
  readonly kind: number;
  readonly bits: number;
  readonly index: number;
  readonly root: Hash;
}

/** What a run is asked to do, as `JobLib.Job` in Solidity. Rule D2. */
export interface Job {
  readonly program: Hash;
  readonly init: Hash;
  readonly rows: bigint;
  readonly batch: bigint;
  readonly steps: bigint;
  readonly stepsPerEpoch: bigint;
  readonly seed: bigint;
  readonly orderSeed: bigint;
  readonly output: bigint;
  readonly data: readonly JobData[];
}

const uint64 = (name: string) => ({ name, type: "uint64" }) as const;

const JOB = {
  type: "tuple",
  components: [
    { name: "program", type: "bytes32" },
    { name: "init", type: "bytes32" },
    ...["rows", "batch", "steps", "stepsPerEpoch", "seed", "orderSeed", "output"].map(uint64),
    { name: "data", type: "tuple[]", components: [{ name: "root", type: "bytes32" }, uint64("width")] },
  ],
} as const;

const INIT = {
  type: "tuple[]",
  components: [
    { name: "kind", type: "uint8" },
    { name: "bits", type: "uint32" },
    { name: "index", type: "uint32" },
    { name: "root", type: "bytes32" },
  ],
} as const;

/** keccak256(abi.encode("assay/job/2", job)): the name of a job on chain. */
export function jobHash(job: Job): Hash {
  const domain = stringToHex("assay/job/2", { size: 32 });
  return keccak256(encodeAbiParameters([{ type: "bytes32" }, JOB], [domain, job as never]));
}

/** Hash of the first values' rules. */
export function initHash(init: readonly JobInit[]): Hash {
  return keccak256(encodeAbiParameters([INIT], [init]));
}

/** Name of "this job gives this result" for courts and registries. Rule D15. */
export function executionHash(job: Hash, result: Hash): Hash {
  const domain = stringToHex("assay/execution/1", { size: 32 });
  return keccak256(
    encodeAbiParameters([{ type: "bytes32" }, { type: "bytes32" }, { type: "bytes32" }], [domain, job, result]),
  );
}
