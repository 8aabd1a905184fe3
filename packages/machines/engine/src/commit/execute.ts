import { BugError, InvalidInputError } from "@base/errors";
import { canonicalise } from "../bits.ts";
import { sizeOf } from "../graph/ir.ts";
import type { Tensor } from "../ops/op.ts";
import type { DisputeProgram } from "./disputeProgram.ts";
import { referenceOf } from "./lowered.ts";

/**
 * Every value of a program, in its order, by the references: what a step's trace commits. `given` holds the inputs by
 * name; throws InvalidInputError when one is missing or has another length.
 */
export function execute(program: DisputeProgram, given: Readonly<Record<string, Float32Array>>): Float32Array[] {
  const tensors: Tensor[] = [];
  for (const { kind, name, shape, op, inputs, attributes, constant } of program.values) {
    if (kind === "node") {
      if (op === undefined) throw new BugError(`The program's value ${name} has no operator.`);
      const operands = inputs.map((input) => tensors[input] as Tensor);
      tensors.push({ shape, values: canonicalise(referenceOf(op).compute(operands, attributes)) });
      continue;
    }
    const values = constant ?? given[name];
    if (values?.length !== sizeOf(shape))
      throw new InvalidInputError(`${name} takes ${sizeOf(shape)} numbers, not ${values?.length ?? "none"}.`);
    tensors.push({ shape, values: canonicalise(values.slice()) });
  }
  return tensors.map(({ values }) => values);
}
