import { ReadableStream } from "node:stream/web";
import { setTimeout as sleep } from "node:timers/promises";
import { concatBytes, utf8 } from "@base/bytes/hex.ts";
import { InvalidInputError, UnavailableError } from "@base/errors";
import { writeCar } from "./car.ts";
import { fileCid } from "./cid.ts";
import type { FileManifest, FileReader } from "./manifest.ts";

/** Who is asked to keep files on IPFS. */
export interface PinningOptions {
  /** RPC address of an own IPFS node (Kubo): the file itself is handed over. */
  readonly api?: string | undefined;
  /** Address and token of a pinning service (IPFS Pinning Service API): it is told the CID and fetches by itself. */
  readonly service?: { readonly url: string; readonly token: string } | undefined;
  /** Milliseconds between looks at the service; 1,000 unless said. */
  readonly pause?: number;
}

/** Where a file is pinned, by whom. */
export interface Pinned {
  readonly cid: string;
  readonly by: readonly string[];
  /** `queued` or `pinning` where the service had not finished after ten looks. */
  readonly status: string;
}

const TIMEOUT_MS = 120_000;
const LOOKS = 10;

/** Has a file pinned by everyone whom the options name. Throws InvalidInputError for nobody, UnavailableError where it failed. */
export async function pinFile(
  store: FileReader,
  manifest: FileManifest,
  name: string,
  { api, service, pause = 1_000 }: PinningOptions,
): Promise<Pinned> {
  if (!api && !service) {
    throw new InvalidInputError("Nobody is set up to pin files.", {
      hints: ["Set ASSAY_IPFS_API, or ASSAY_PINNING_URL and ASSAY_PINNING_TOKEN."],
    });
  }
  const cid = fileCid(manifest);
  if (api) await handOver(api, store, manifest, cid);
  const status = service ? await ask(service, cid, name, pause) : "pinned";
  return { cid, by: [api, service?.url].filter((one) => one !== undefined), status };
}

/** POST /api/v0/dag/import: the CAR as one part of a form, streamed. */
async function handOver(api: string, store: FileReader, manifest: FileManifest, cid: string): Promise<void> {
  const boundary = `assay-${cid.slice(-20)}`;
  async function* form() {
    yield utf8(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="file.car"\r\nContent-Type: application/vnd.ipld.car\r\n\r\n`,
    );
    yield* writeCar(store, manifest);
    yield utf8(`\r\n--${boundary}--\r\n`);
  }
  const answer = await call(`${api.replace(/\/+$/, "")}/api/v0/dag/import?pin-roots=true`, {
    method: "POST",
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: ReadableStream.from(form()) as unknown as BodyInit,
    duplex: "half",
  } as RequestInit);
  if (!answer.includes(cid)) throw new UnavailableError(`The IPFS node did not take ${cid}: ${answer.slice(0, 200)}.`);
}

async function ask(service: { url: string; token: string }, cid: string, name: string, pause: number): Promise<string> {
  const base = service.url.replace(/\/+$/, "");
  const headers = { authorization: `Bearer ${service.token}`, "content-type": "application/json" };
  let told = JSON.parse(await call(`${base}/pins`, { method: "POST", headers, body: JSON.stringify({ cid, name }) }));
  for (let look = 0; look < LOOKS && (told.status === "queued" || told.status === "pinning"); look++) {
    await sleep(pause);
    told = JSON.parse(await call(`${base}/pins/${encodeURIComponent(told.requestid)}`, { headers }));
  }
  if (told.status === "failed") throw new UnavailableError(`The pinning service could not fetch ${cid}.`);
  return String(told.status);
}

async function call(url: string, init: RequestInit): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
  } catch (cause) {
    throw new UnavailableError(`${url} does not answer.`, { cause });
  }
  const parts: Uint8Array[] = [];
  for await (const part of response.body ?? []) if (parts.push(part) > 1_000) break;
  const text = new TextDecoder().decode(concatBytes(...parts));
  if (!response.ok) throw new UnavailableError(`${url} answered ${response.status}: ${text.slice(0, 200)}.`);
  return text;
}
