import { canonicalJsonBytes, parseCanonicalJson } from "@base/bytes/canonicalJson.ts";
import { sha256 } from "@base/bytes/hash.ts";
import { concatBytes, equalBytes } from "@base/bytes/hex.ts";
import { InvalidInputError } from "@base/errors";
import type { BestEpoch } from "./history.ts";
import type { Checkpoint } from "./run.ts";

const MAGIC = new TextEncoder().encode("assay-checkpoint/1\n");
const HASH_BYTES = 32;

/** A checkpoint as bytes: magic line, header length (4 bytes, little-endian), canonical JSON, states, SHA-256 of all before. */
export function encodeCheckpoint({ state, history, ...rest }: Checkpoint): Uint8Array {
  const { best, ...losses } = history ?? { losses: [], validation: [], sum: 0 };
  const described = best === undefined ? {} : { best: { ...best, state: best.state.length } };
  const header = canonicalJsonBytes({
    ...rest,
    state: state.length,
    ...(history === undefined ? {} : { history: { ...losses, ...described } }),
  });
  const body = concatBytes(MAGIC, lengthBytes(header.length), header, state, best?.state ?? new Uint8Array());
  return concatBytes(body, sha256(body));
}

/** Reads what {@link encodeCheckpoint} wrote; throws InvalidInputError on anything else, a torn write included. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const end = bytes.length - HASH_BYTES;
  const start = MAGIC.length + 4;
  const sound =
    end > start &&
    equalBytes(bytes.subarray(0, MAGIC.length), MAGIC) &&
    equalBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end));
  if (!sound) throw new InvalidInputError("These bytes are not a whole checkpoint.");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const { state, history, ...rest } = parseCanonicalJson(bytes.subarray(start, start + length)) as unknown as Described;
  const from = start + length;
  const states = bytes.slice(from, from + state);
  if (history === undefined) return { ...rest, state: states };
  const { best, ...losses } = history;
  if (best === undefined) return { ...rest, state: states, history: losses };
  const kept = bytes.slice(from + state, from + state + best.state);
  return { ...rest, state: states, history: { ...losses, best: { ...best, state: kept } } };
}

type Described = Omit<Checkpoint, "state" | "history"> & {
  readonly state: number;
  readonly history?: Omit<NonNullable<Checkpoint["history"]>, "best"> & {
    readonly best?: Omit<BestEpoch, "state"> & { readonly state: number };
  };
};

function lengthBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
}
