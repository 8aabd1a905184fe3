import { measureGas } from "../test/gas.ts";
import { wholeDispute } from "../test/whole.ts";

/**
 * Gas of the referees and of a whole dispute on the contracts as they are deployed, whole transactions, calldata included;
 * no peer does this on an EVM. Seconds are of both players and the chain in one process.
 */
export async function run() {
  const figures = (await measureGas()) as Readonly<Record<string, number>>;
  const whole = await wholeDispute();
  const game = {
    "disputes.training.gas": whole.gas,
    "disputes.training.seconds": whole.seconds,
    "disputes.honest.gas": whole.honestGas,
    "disputes.honest.first.gas": whole.firstGas,
    "disputes.honest.first.post.gas": whole.firstPostGas,
  };
  return Object.entries({ ...figures, ...game }).map(([name, value]) => ({
    bench: name,
    value,
    unit: name.endsWith("seconds") ? "s" : "gas",
    against: null,
    ratio: null,
  }));
}
