import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChain } from "@machines/chain";
import { keccak256, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { mayHold } from "./bloom.ts";

test("the bloom of a block that an EVM made holds what was logged, and hardly anything else", async () => {
  const dir = mkdtempSync(join(tmpdir(), "bloom-"));
  const chain = await openChain({ kind: "embedded", dir, port: false });
  try {
    const account = privateKeyToAccount(generatePrivateKey());
    await chain.dev?.fund(account.address, 10n ** 18n);
    const topic = keccak256(toHex("Something()"));
    // A constructor of one instruction: LOG1 with the topic and no data.
    const receipt = await chain.deploy(account, { abi: [], bytecode: `0x7f${topic.slice(2)}60006000a100` });
    const { logsBloom } = await chain.client.getBlock({ blockNumber: receipt.blockNumber });
    if (logsBloom === null) throw new Error("the block has no bloom");
    expect(mayHold(logsBloom, receipt.contractAddress)).toBe(true);
    expect(mayHold(logsBloom, topic)).toBe(true);
    const chance = Array.from({ length: 1_000 }, (_, n) => mayHold(logsBloom, keccak256(toHex(n)))).filter(Boolean);
    expect(chance.length).toBeLessThan(3);
  } finally {
    await chain.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
