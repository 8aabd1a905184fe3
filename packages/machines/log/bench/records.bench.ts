import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { anchor } from "../src/anchor.ts";
import {
  folderSource,
  generateSigner,
  type Head,
  openLog,
  openReader,
  proofBytes,
  verifyRecord,
} from "../src/index.ts";
import { LogKeeper } from "../src/keeper.ts";
import { openAnchorNet } from "../test/anchorNet.ts";
import { anchorGas } from "./anchorGas.ts";

/** One line of `npm run bench -- --json`; a ratio above 1 means that Assay is ahead of `against`. */
export interface Result {
  readonly bench: string;
  readonly value: number;
  readonly unit: string;
  readonly against: string;
  readonly ratio: number;
}

const records = 1_000_000;
const recordBytes = 200;
const perCall = 4_096;
/** Beside the repository's other drafts: in a crowded /tmp, creating the 7,800 files takes longer than all the rest. */
const drafts = fileURLToPath(new URL("../../../../.tmp", import.meta.url));

/** Records that differ in their first bytes, in one piece of memory; made as they are asked for. */
function make(first: number, count: number): Uint8Array[] {
  const bytes = new Uint8Array(count * recordBytes).fill(0x5a);
  return Array.from({ length: count }, (_, i) => {
    const record = bytes.subarray(i * recordBytes, (i + 1) * recordBytes);
    new DataView(bytes.buffer, record.byteOffset).setUint32(0, first + i);
    return record;
  });
}

/**
 * A million records of 200 bytes as a node takes them: appended (hashed, journal synced, tiles written), checkpoints signed
 * with Ed25519 and ML-DSA-44 as they come, the last one anchored on a chain; the most memory the process held; size and
 * time of a proof; gas of an anchor for each record of a batch.
 */
export async function run(): Promise<Result[]> {
  await mkdir(drafts, { recursive: true });
  const dir = await mkdtemp(join(drafts, "bench-log-"));
  try {
    const origin = "bench.example/log";
    const signer = generateSigner(origin, "ed25519");
    const signers = [signer, generateSigner(origin, "ml-dsa-44")];
    const log = await openLog({ dir, origin, signers, now: Date.now });
    const trust = { origin, keys: signers.map(({ verifier }) => verifier) };
    const keeper = new LogKeeper({ log, trust });
    let memory = 0;
    const started = performance.now();
    let next = 0;
    const writer = async () => {
      while (next < records) {
        const first = next;
        next += perCall;
        await keeper.append(make(first, Math.min(perCall, records - first)));
        memory = Math.max(memory, process.memoryUsage.rss());
      }
    };
    await Promise.all([writer(), writer(), writer()]);
    await keeper.publish();
    const { size, root } = log.published as NonNullable<typeof log.published>;
    const written = performance.now() - started;
    // Opened only now: a chain in this process has a memory of its own, and its start is no part of the work.
    const rate = records / ((written + (await anchorTime(origin, { size, root }))) / 1000);
    if (log.size !== records) throw new Error(`the log has ${log.size} records`);
    await keeper.close();

    const reader = await openReader({ source: folderSource(dir), trust });
    const indexes = Array.from({ length: 200 }, (_, i) => (i * 7919 * 613) % records);
    const proofs = [];
    for (const index of indexes) {
      proofs.push({ record: await reader.record(index), proof: await reader.proveInclusion(index) });
    }
    for (const { record, proof } of proofs) verifyRecord(record, proof, reader.checkpoint);
    const began = performance.now();
    for (const { record, proof } of proofs) verifyRecord(record, proof, reader.checkpoint);
    const verifyMs = (performance.now() - began) / proofs.length;
    const bytes = Math.max(...proofs.map(({ proof }) => proofBytes(proof)));
    const gas = await anchorGas();
    return [
      line("records.append.rate", Math.round(rate), "records/s", "bar 100,000", rate / 100_000),
      line("records.memory", Math.round(memory / 1e6), "MB", "bar 300", 300e6 / memory),
      line("records.proof.bytes", bytes, "bytes", "bar 1,000", 1_000 / bytes),
      line("records.proof.verify.ms", verifyMs, "ms", "bar 1", 1 / verifyMs),
      line("records.anchor.gas.4096", gas.stored / 4_096, "gas/record", "bar 15", 15 / (gas.stored / 4_096)),
      line("records.anchor.gas.4096.first", gas.first / 4_096, "gas/record", "bar 15", 15 / (gas.first / 4_096)),
      line("records.anchor.gas.million", gas.stored / 1e6, "gas/record", "bar 1", 1 / (gas.stored / 1e6)),
      line("records.anchor.gas.noted", gas.noted / 4_096, "gas/record", "stored", gas.stored / gas.noted),
      line("records.proof.verify.gas", gas.verify, "gas", "bar 55,000", 55_000 / gas.verify),
    ];
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Milliseconds that one anchor takes on a chain that is open. */
async function anchorTime(origin: string, head: Head): Promise<number> {
  const net = await openAnchorNet();
  try {
    const began = performance.now();
    await anchor({ chain: net.chain, origin }, head);
    return performance.now() - began;
  } finally {
    await net.close();
  }
}

function line(bench: string, value: number, unit: string, against: string, ratio: number): Result {
  return { bench, value, unit, against, ratio: Math.round(ratio * 100) / 100 };
}
