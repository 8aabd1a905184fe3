import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { IntegrityError, InvalidInputError } from "@base/errors";

/** What sealing adds to a chunk: 12 bytes of nonce before it, 16 bytes of tag behind it. */
export const SEAL_BYTES = 28;

const NONCE = 12;
const TAG = 16;

/** Seals and opens the chunks of one asset; see SPEC V1-V3. */
export interface Sealer {
  /** Writes nonce ‖ text ‖ tag to `out`, which is SEAL_BYTES longer than `plain`. */
  seal(plain: Uint8Array, out: Uint8Array): void;
  /** The bytes before sealing; throws IntegrityError when another key or other bytes are at work. */
  open(sealed: Uint8Array): Uint8Array;
}

/**
 * AES-256-GCM (NIST SP 800-38D) with a key of 32 random bytes that one asset alone uses.
 *
 * The nonce is the head of an HMAC-SHA-256 of the bytes under a sub-key, as SIV modes do: equal chunks of one asset
 * become equal sealed chunks and are stored once; under another key they become other bytes. Throws InvalidInputError
 * on a key of another length.
 */
export function openSealer(key: Uint8Array): Sealer {
  if (key.length !== 32) throw new InvalidInputError(`A sealing key has 32 bytes, not ${key.length}.`);
  const subKey = (label: string) => createHmac("sha256", key).update(label).digest();
  const [nonceKey, textKey] = [subKey("assay/nonce/1"), subKey("assay/seal/1")];
  return {
    seal(plain, out) {
      const nonce = createHmac("sha256", nonceKey).update(plain).digest().subarray(0, NONCE);
      const cipher = createCipheriv("aes-256-gcm", textKey, nonce);
      out.set(nonce);
      out.set(cipher.update(plain), NONCE);
      cipher.final();
      out.set(cipher.getAuthTag(), NONCE + plain.length);
    },
    open(sealed) {
      const end = sealed.length - TAG;
      if (end < NONCE) throw wrong();
      const decipher = createDecipheriv("aes-256-gcm", textKey, sealed.subarray(0, NONCE));
      decipher.setAuthTag(sealed.subarray(end));
      const plain = decipher.update(sealed.subarray(NONCE, end));
      try {
        decipher.final();
      } catch (cause) {
        throw wrong(cause);
      }
      return plain;
    },
  };
}

function wrong(cause?: unknown): IntegrityError {
  return new IntegrityError("A sealed chunk does not open with this key.", {
    cause,
    hints: ["Either the key is another asset's, or the bytes were changed."],
  });
}
