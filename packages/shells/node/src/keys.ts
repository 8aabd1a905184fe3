import { join } from "node:path";
import type { Config } from "./config.ts";
import { Keystore } from "./keystore.ts";

const keystore = (config: Config) => new Keystore(join(config.dir, "keys"), config.password);

/** Names and addresses of the data folder's keys. */
export function listKeys(config: Config) {
  const keys = keystore(config);
  return { dir: config.dir, keys: keys.names().map((name) => ({ name, address: keys.get(name).address })) };
}

/** Makes a key; throws InvalidInputError where the name is taken or unusable. */
export function newKey(config: Config, name: string) {
  const { address } = keystore(config).create(name);
  return { name, address };
}
