// Stores one file and kills itself once a share of it is done; says on stdout from where it went on, and the manifest.
import { writeSync } from "node:fs";
import { type PutFileOptions, openStore } from "@machines/store";

/** Options as they came over the command line: a key is hex text. */
export function storeOptions({ key, ...rest }: { readonly key?: string; readonly inPlace?: boolean }): PutFileOptions {
  return { ...rest, ...(key ? { key: Buffer.from(key, "hex") } : {}) };
}

const [, self, dir, source, options, stop] = process.argv;
if (self?.endsWith("killFile.ts") && dir && source && options) {
  const store = await openStore({ dir });
  const manifest = await store.putFile(source, {
    ...storeOptions(JSON.parse(options)),
    onResume: (bytes) => writeSync(1, `resumed ${bytes}\n`),
    onProgress: (done, total) => {
      if (done > Number(stop) * total) process.kill(process.pid, "SIGKILL");
    },
  });
  writeSync(1, `${JSON.stringify(manifest)}\n`);
}
