import { InvalidInputError, IntegrityError } from "@base/errors";
import { z } from "zod";
import { PAYLOAD_TYPE, parseStatement, type Statement, statementBytes } from "./inToto.ts";
import { preAuthenticated, type StatementKey, type StatementSigner } from "./keys.ts";

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, "base64");

/** A DSSE envelope: payload and signatures, as every tool of the in-toto family reads them. */
export const envelopeSchema = z.looseObject({
  payload: base64,
  payloadType: z.string().min(1),
  signatures: z
    .array(z.looseObject({ sig: base64, keyid: z.string().optional() }))
    .min(1)
    .max(16),
});

export type Envelope = z.output<typeof envelopeSchema>;

/** A signature does not hold, or one that must be there is missing. */
export class EnvelopeSignatureError extends IntegrityError {
  override name = "EnvelopeSignatureError";
}

/** A statement in an envelope, signed by every signer: give an Ed25519 and an ML-DSA-44 signer for a hybrid signature. */
export async function signEnvelope(statement: Statement, signers: readonly StatementSigner[]): Promise<Envelope> {
  if (signers.length === 0) throw new InvalidInputError("An envelope needs a key to sign with.");
  const payload = statementBytes(statement);
  const message = preAuthenticated(PAYLOAD_TYPE, payload);
  const signatures = await Promise.all(
    signers.map(async (signer) => ({
      keyid: signer.keyid,
      sig: Buffer.from(await signer.sign(message)).toString("base64"),
    })),
  );
  return { payload: Buffer.from(payload).toString("base64"), payloadType: PAYLOAD_TYPE, signatures };
}

/** Reads an envelope; throws InvalidInputError. */
export function parseEnvelope(value: unknown): Envelope {
  const result = envelopeSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidInputError(`This is no DSSE envelope: ${result.error.issues[0]?.message ?? "it does not fit"}.`);
}

/**
 * The statement inside, once every one of `keys` has signed it (all of them: a hybrid key is two).
 *
 * Throws EnvelopeSignatureError that names the key, InvalidInputError when the payload is no statement.
 */
export async function openEnvelope(value: unknown, keys: readonly StatementKey[]): Promise<Statement> {
  const { payload, payloadType, signatures } = parseEnvelope(value);
  if (keys.length === 0) throw new InvalidInputError("No key is trusted, so no signature could hold.");
  const bytes = Buffer.from(payload, "base64");
  const message = preAuthenticated(payloadType, bytes);
  for (const key of keys) {
    // The key id is a hint only: a signature counts because it verifies.
    const tried = await Promise.all(signatures.map(({ sig }) => key.verify(message, Buffer.from(sig, "base64"))));
    if (tried.includes(true)) continue;
    throw new EnvelopeSignatureError(`The envelope has no valid signature of ${key.keyid}.`, {
      data: { keyid: key.keyid, signed: signatures.map(({ keyid }) => keyid ?? "unnamed") },
    });
  }
  if (payloadType !== PAYLOAD_TYPE) throw new InvalidInputError(`The envelope holds ${payloadType}, no statement.`);
  let statement: unknown;
  try {
    statement = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new InvalidInputError("The envelope's payload is no JSON.", { cause });
  }
  return parseStatement(statement);
}
