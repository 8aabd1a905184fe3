import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Hash } from "@base/bytes/hash.ts";
import type { BlobFolder } from "./folder.ts";
import { type FileManifest, parseManifest } from "./manifest.ts";

/** Where the bytes of a chunk lie inside somebody's file. */
interface Place {
  readonly path: string;
  readonly start: number;
  readonly length: number;
}

/** Files that were published where they lie: the store knows their chunks and reads them there. */
export interface InPlace {
  /** Remembers durably that the file's chunks are at `path`. */
  add(path: string, manifest: FileManifest): Promise<void>;
  /** Bytes as they are there now, unverified; undefined when no file is known to hold them, or it is gone. */
  read(hash: Hash): Promise<Uint8Array | undefined>;
  has(hash: Hash): Promise<boolean>;
}

/** Opens the list of a store's files in place (`dir/inplace`); other processes may add to it meanwhile. */
export function openInPlace(dir: string, folder: BlobFolder): InPlace {
  const lists = join(dir, "inplace");
  const places = new Map<Hash, Place>();
  const read = new Set<string>();

  async function place(hash: Hash): Promise<Place | undefined> {
    const known = places.get(hash);
    if (known) return known;
    for (const name of await readdir(lists).catch(() => [])) {
      if (read.has(name) || !name.endsWith(".json")) continue;
      read.add(name);
      try {
        const { path, manifest } = JSON.parse(await readFile(join(lists, name), "utf8"));
        remember(String(path), parseManifest(manifest));
      } catch {
        // A list that cannot be read places nothing: its chunks count as missing.
      }
    }
    return places.get(hash);
  }

  function remember(path: string, { size, chunkSize, chunks }: FileManifest): void {
    for (const [i, hash] of chunks.entries()) {
      const start = i * chunkSize;
      places.set(hash, { path, start, length: Math.min(chunkSize, size - start) });
    }
  }

  return {
    async add(path, manifest) {
      const text = JSON.stringify({ path, manifest });
      await folder.writeFile(join(lists, `${manifest.root.slice(2)}.json`), new TextEncoder().encode(text));
      remember(path, manifest);
    },
    async read(hash) {
      const found = await place(hash);
      const file = found && (await open(found.path, "r").catch(() => undefined));
      if (!found || !file) return undefined;
      try {
        const bytes = new Uint8Array(found.length);
        const { bytesRead } = await file.read(bytes, 0, found.length, found.start);
        return bytes.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async has(hash) {
      const found = await place(hash);
      if (!found) return false;
      const there = await stat(found.path).catch(() => undefined);
      return there !== undefined && there.size >= found.start + found.length;
    },
  };
}
