// Gas of the referees on the production build: `node packages/protocols/verify/bench/gas.bench.ts`.
import { measureGas } from "../test/gas.ts";

console.log(JSON.stringify(await measureGas(), null, 2));
