import type { Hash } from "@base/bytes/hash.ts";
import { InvalidInputError } from "@base/errors";
import { fromBytes, toBytes } from "../bits.ts";
import { type NamedTensor, tensorsRoot } from "../commit/roots.ts";
import type { Program } from "../graph/program.ts";
import type { Job } from "./prepare.ts";
import type { Checkpoint } from "./run.ts";

/** Parameters and optimiser state of a step's program, in graph order, as they stand until its next run. */
export function stateTensors(program: Program): NamedTensor[] {
  const inputs = program.graph.inputs.filter((input) => input.role !== "data");
  return inputs.map(({ name, shape }) => ({ name, shape, values: program.view(name) }));
}

/** Root over {@link stateTensors}. */
export function stateRoot(program: Program): Hash {
  return tensorsRoot("assay/state/1", stateTensors(program));
}

/** The state as little-endian binary32, in graph order. */
export function packState(program: Program): Uint8Array {
  const parts = stateTensors(program).map(({ values }) => toBytes(values));
  const state = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    state.set(part, at);
    at += part.length;
  }
  return state;
}

/** Puts a packed state into the program; throws InvalidInputError when it does not have the root. */
export function unpackState(program: Program, state: Uint8Array, root: Hash): void {
  const values = fromBytes(state);
  let at = 0;
  for (const { name, values: current } of stateTensors(program)) {
    if (at + current.length <= values.length) program.write(name, values.subarray(at, at + current.length));
    at += current.length;
  }
  if (at * 4 !== state.length || stateRoot(program) !== root)
    throw new InvalidInputError("The checkpoint's bytes do not match its root.", { data: { root } });
}

/** Puts a checkpoint's state into the program; throws InvalidInputError when it belongs to another run or was altered. */
export function restore(job: Job, program: Program, checkpoint: Checkpoint): void {
  if (checkpoint.job !== job.commitment.job)
    throw new InvalidInputError("The checkpoint belongs to another run: table, recipe or seed differ.", {
      data: { expected: job.commitment.job, got: checkpoint.job },
    });
  const last = checkpoint.checkpoints.at(-1);
  const listed = last?.root === checkpoint.root && last.step === checkpoint.step;
  if (
    !listed ||
    checkpoint.step > job.commitment.steps ||
    (job.recipe.version === 2 && checkpoint.history === undefined)
  )
    throw new InvalidInputError("The checkpoint's bytes do not match its root.", { data: { root: checkpoint.root } });
  const { best } = checkpoint.history ?? {};
  if (best !== undefined) unpackState(program, best.state, best.root);
  unpackState(program, checkpoint.state, checkpoint.root);
}
