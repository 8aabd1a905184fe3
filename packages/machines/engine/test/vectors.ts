// Writes src/ops/<op>/vectors.json from the references: `node packages/machines/engine/test/vectors.ts`.
// Run it for a new operator, read the result, and never to make a failing test pass.
import { writeFileSync } from "node:fs";
import { toHexBits } from "../src/bits.ts";
import { Builder } from "../src/graph/build.ts";
import { interpret } from "../src/graph/interpret.ts";
import { sizeOf } from "../src/graph/ir.ts";
import { OPS } from "../src/ops/registry.ts";
import { build, FORMS, ordinaryBits, randomBits } from "./bits.ts";

for (const op of OPS) {
  const forms = FORMS.filter((form) => form.op === op.name && form.shapes.every((shape) => sizeOf(shape) <= 300)).slice(
    0,
    6,
  );
  const vectors = forms.map((form, index) => {
    const b = new Builder();
    const output = build(b, form);
    b.output("y", output);
    const draw = index % 2 === 0 ? ordinaryBits : randomBits;
    const inputs = form.shapes.map((shape, i) => draw(sizeOf(shape), 7000 + index * 10 + i));
    const values = Object.fromEntries(inputs.map((input, i) => [`x${i}`, input]));
    const result = (interpret(b.finish(), values).get(output) as { values: Float32Array }).values;
    const { shapes, attrs } = form;
    return {
      shapes,
      ...(attrs === undefined ? {} : { attrs }),
      inputs: inputs.map(toHexBits),
      output: toHexBits(result),
    };
  });
  const text = `[\n${vectors.map((vector) => JSON.stringify(vector)).join(",\n")}\n]\n`;
  writeFileSync(new URL(`../src/ops/${op.name}/vectors.json`, import.meta.url), text);
}
