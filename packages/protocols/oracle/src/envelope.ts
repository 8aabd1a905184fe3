import type { Context, Identity } from "@kernel/capability";
import { type Hex, recoverTypedDataAddress } from "viem";
import type { Answer } from "./types.ts";

/** EIP-712 types of what operators sign; the contract's `envelopeHash` is the digest of the same data. */
export const envelopeTypes = {
  Envelope: [
    { name: "requestId", type: "bytes32" },
    { name: "modelId", type: "uint256" },
    { name: "inputHash", type: "bytes32" },
    { name: "output", type: "int256" },
    { name: "confidenceBps", type: "uint16" },
    { name: "whyHash", type: "bytes32" },
    { name: "evidenceRoot", type: "bytes32" },
    { name: "producedAt", type: "uint64" },
    { name: "validUntil", type: "uint64" },
  ],
} as const;

/** The request's part of an envelope. */
export interface Asked {
  readonly requestId: Hex;
  readonly modelId: bigint;
  readonly inputHash: Hex;
}

function typedData(context: Pick<Context, "chain" | "contracts">, asked: Asked, answer: Answer) {
  return {
    domain: {
      name: "Assay Oracle",
      version: "1",
      chainId: context.chain.chainId,
      verifyingContract: context.contracts.get("Oracle").address,
    },
    types: envelopeTypes,
    primaryType: "Envelope" as const,
    message: { ...asked, ...answer },
  };
}

/** Signs request and answer together: 65 bytes (r, s, v). */
export async function signEnvelope(
  context: Pick<Context, "chain" | "contracts">,
  identity: Identity,
  asked: Asked,
  answer: Answer,
): Promise<Hex> {
  return identity.account.signTypedData(typedData(context, asked, answer));
}

/** Address whose key signed this envelope. */
export async function envelopeSigner(
  context: Pick<Context, "chain" | "contracts">,
  asked: Asked,
  answer: Answer,
  signature: Hex,
): Promise<Hex> {
  return recoverTypedDataAddress({ ...typedData(context, asked, answer), signature });
}
