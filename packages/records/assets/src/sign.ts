import { canonicalJsonBytes } from "@base/bytes/canonicalJson.ts";
import { type Hash, sha256Hex } from "@base/bytes/hash.ts";
import { IntegrityError, InvalidInputError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { type Address, type Hex, isHex, type LocalAccount, recoverTypedDataAddress } from "viem";
import { statementType } from "./statements.ts";

/** EIP-712 type of a signature over a statement: its type and the SHA-256 of its canonical JSON. */
export const statementTypes = {
  Statement: [
    { name: "type", type: "string" },
    { name: "hash", type: "bytes32" },
  ],
} as const;

/** Where a signature counts: one Assets contract on one chain. */
export interface Scope {
  readonly chainId: number;
  readonly assets: Address;
}

/** A statement with the signature that stands behind it. */
export interface SignedStatement<S = unknown> {
  readonly statement: S;
  readonly hash: Hash;
  /** Lower-case hex. */
  readonly signer: Address;
  readonly signature: Hex;
}

/** The scope of a context's own Assets contract; throws NotFoundError when it is not deployed. */
export function scopeOf(context: Pick<Context, "chain" | "contracts">): Scope {
  return { chainId: context.chain.chainId, assets: context.contracts.get("Assets").address };
}

/** SHA-256 of a statement's canonical JSON (RFC 8785): its name everywhere, and its blob's name in the store. */
export function statementHash(statement: unknown): Hash {
  return sha256Hex(canonicalJsonBytes(statement));
}

/** Signs {type, hash} of a statement by EIP-712; throws InvalidInputError when the statement has no type. */
export async function signStatement<S>(account: LocalAccount, scope: Scope, statement: S): Promise<SignedStatement<S>> {
  const hash = statementHash(statement);
  const signature = await account.signTypedData(typedData(scope, statementType(statement), hash));
  return { statement, hash, signer: lower(account.address), signature };
}

/**
 * The address that signed, in lower-case hex, after checking the hash against the statement.
 *
 * Throws IntegrityError when the statement is not the one of `hash`, or the signature is not `signer`'s; InvalidInputError
 * when the signature has no valid form.
 */
export async function recoverSigner(scope: Scope, signed: SignedStatement): Promise<Address> {
  const hash = statementHash(signed.statement);
  if (hash !== signed.hash) {
    throw new IntegrityError(`the statement hashes to ${hash}, not to ${signed.hash}`, {
      data: { hash, expected: signed.hash },
    });
  }
  if (!isHex(signed.signature) || signed.signature.length !== 132) {
    throw new InvalidInputError("a signature is 65 bytes in hex", { data: { hash } });
  }
  let signer: Address;
  try {
    const data = typedData(scope, statementType(signed.statement), hash);
    signer = lower(await recoverTypedDataAddress({ ...data, signature: signed.signature }));
  } catch (cause) {
    throw new IntegrityError(`the signature of ${hash} is no signature`, { cause, data: { hash } });
  }
  if (signer !== lower(signed.signer)) {
    throw new IntegrityError(`the signature of ${hash} is by ${signer}, not by ${lower(signed.signer)}`, {
      data: { hash, signer, expected: signed.signer },
    });
  }
  return signer;
}

/** An address in the spelling of statements. */
export function lower(address: string): Address {
  return address.toLowerCase() as Address;
}

function typedData(scope: Scope, type: string, hash: Hash) {
  return {
    domain: { name: "Assay", version: "1", chainId: scope.chainId, verifyingContract: scope.assets },
    types: statementTypes,
    primaryType: "Statement",
    message: { type, hash },
  } as const;
}
