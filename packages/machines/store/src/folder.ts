import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Hash } from "@base/bytes/hash.ts";
import { diskError } from "./diskError.ts";

/** Files named by hash in 256 sub-folders (`blobs/ab/cdef...`); a file is whole or not there at all. */
export interface BlobFolder {
  path(hash: Hash): string;
  /** Bytes as they are on disk, unverified; undefined when missing. */
  read(hash: Hash): Promise<Uint8Array | undefined>;
  /** Bytes on disk; undefined when missing. */
  size(hash: Hash): Promise<number | undefined>;
  /** Writes durably unless these bytes are there. With `later` the name is durable only after `sync` of what this returns. */
  write(hash: Hash, bytes: Uint8Array, later?: boolean): Promise<string | undefined>;
  /** Makes the names in these sub-folders durable. */
  sync(folders: Iterable<string>): Promise<void>;
  remove(hash: Hash): Promise<void>;
  /** Writes a file of another name in the store durably, in one step; makes its folder. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** A path nobody else uses, for data on its way in; the caller removes it. */
  temporary(): string;
}

let counter = 0;

/** Creates the folders, and removes what processes that are gone left half-written. */
export async function openBlobFolder(dir: string): Promise<BlobFolder> {
  const blobs = join(dir, "blobs");
  const incoming = join(dir, "incoming");
  const known = new Set<string>();
  try {
    await mkdir(blobs, { recursive: true });
    await mkdir(incoming, { recursive: true });
    await clean(incoming);
  } catch (error) {
    throw diskError(error, dir);
  }
  const place = (hash: Hash) => join(blobs, hash.slice(2, 4));
  const path = (hash: Hash) => join(place(hash), hash.slice(4));
  const temporary = () => join(incoming, `${process.pid}-${++counter}`);

  async function size(hash: Hash): Promise<number | undefined> {
    try {
      return (await stat(path(hash))).size;
    } catch (error) {
      if (missing(error)) return undefined;
      throw diskError(error, path(hash));
    }
  }

  async function read(hash: Hash): Promise<Uint8Array | undefined> {
    try {
      return await readFile(path(hash));
    } catch (error) {
      if (missing(error)) return undefined;
      throw diskError(error, path(hash));
    }
  }

  /** True when these very bytes are there: bytes that changed on disk are written anew. */
  async function holds(hash: Hash, bytes: Uint8Array): Promise<boolean> {
    if ((await size(hash)) !== bytes.length) return false;
    const there = await read(hash);
    return there !== undefined && Buffer.compare(there, bytes) === 0;
  }

  async function write(hash: Hash, bytes: Uint8Array, later = false): Promise<string | undefined> {
    if (await holds(hash, bytes)) return undefined;
    const folder = place(hash);
    const draft = temporary();
    try {
      if (!known.has(folder)) {
        if (await mkdir(folder, { recursive: true })) await syncFolder(blobs);
        known.add(folder);
      }
      await writeSynced(draft, bytes);
      await rename(draft, path(hash));
      if (later) return folder;
      await syncFolder(folder);
      return undefined;
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw diskError(error, path(hash));
    }
  }

  return {
    path,
    size,
    write,
    temporary,
    read,
    async sync(folders) {
      for (const folder of new Set(folders)) await syncFolder(folder);
    },
    async remove(hash) {
      await rm(path(hash), { force: true });
    },
    async writeFile(target, bytes) {
      const draft = temporary();
      try {
        await mkdir(dirname(target), { recursive: true });
        await writeSynced(draft, bytes);
        await rename(draft, target);
        await syncFolder(dirname(target));
      } catch (error) {
        await rm(draft, { force: true }).catch(() => {});
        throw diskError(error, target);
      }
    },
  };
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes new names in a folder survive a power cut; Windows has no such call and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function clean(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const pid = Number.parseInt(name, 10);
    if (pid !== process.pid && !alive(pid)) await rm(join(incoming, name), { force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function missing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
