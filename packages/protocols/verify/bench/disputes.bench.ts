import { measureGas } from "../test/gas.ts";

/** Gas of the referees on the production build, whole transactions where an element is settled; no peer does this on an EVM. */
export async function run() {
  const figures = (await measureGas()) as Readonly<Record<string, number>>;
  return Object.entries(figures).map(([name, value]) => ({
    bench: name,
    value,
    unit: "gas",
    against: null,
    ratio: null,
  }));
}
