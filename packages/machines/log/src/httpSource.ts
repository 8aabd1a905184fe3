import { UnavailableError } from "@base/errors";
import type { TileSource } from "./tiles.ts";

/** Files of a log on a web server (C2SP tlog-tiles: the prefix of `checkpoint` and `tile/`). Throws UnavailableError. */
export function httpSource(prefix: string, timeout = 15_000): TileSource {
  const base = prefix.replace(/\/$/, "");
  return {
    async read(path) {
      const url = `${base}/${path}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(timeout) }).catch((cause) => {
        throw new UnavailableError(`${url} does not answer.`, { cause });
      });
      if (response.status === 404 || response.status === 410) return undefined;
      if (!response.ok) throw new UnavailableError(`${url} answers ${response.status}.`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
