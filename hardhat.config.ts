import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { defineConfig } from "hardhat/config";

// A path that is not a native binary is run as soljson: the compiler comes from npm, nothing is downloaded.
const soljson = createRequire(import.meta.url).resolve("solc/soljson.js");
const rooms = readdirSync("packages", { withFileTypes: true })
  .filter((floor) => floor.isDirectory())
  .flatMap((floor) => readdirSync(`packages/${floor.name}`).map((room) => `packages/${floor.name}/${room}/contracts`))
  .filter((folder) => existsSync(folder));

const compiler = { version: "0.8.37", path: soljson };
const evmVersion = "cancun";
/** Settings of the contracts as they are deployed. */
const production = { ...compiler, settings: { optimizer: { enabled: true, runs: 100_000 }, viaIR: true, evmVersion } };
/** The same for a contract that would pass 24,576 bytes with them. */
const small = { ...compiler, settings: { optimizer: { enabled: true, runs: 200 }, viaIR: true, evmVersion } };

const seed = "0x1234";

export default defineConfig({
  solidity: {
    profiles: {
      // For tests of behaviour: without the optimizer it is built in a fraction of the time.
      default: { ...compiler, settings: { optimizer: { enabled: false }, evmVersion } },
      production: {
        compilers: [production],
        overrides: { "packages/protocols/verify/contracts/Disputes.sol": small },
      },
    },
  },
  paths: { sources: { solidity: rooms } },
  test: {
    solidity: {
      profiles: {
        default: { fuzz: { runs: 256, seed }, invariant: { runs: 16, depth: 48, failOnRevert: true } },
        // More of what repeats, for `npm run test:long`.
        long: { fuzz: { runs: 2048, seed }, invariant: { runs: 192, depth: 48, failOnRevert: true } },
      },
    },
  },
});
