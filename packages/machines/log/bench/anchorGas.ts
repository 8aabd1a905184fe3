import { sha256Hex } from "@base/bytes/hash.ts";
import { utf8 } from "@base/bytes/hex.ts";
import { leafHash, nodeHash } from "@base/bytes/merkle.ts";
import { anchor, anchorName } from "../src/anchor.ts";
import { openAnchorNet } from "../test/anchorNet.ts";

/** Gas of whole transactions against the contract as it is deployed: first and later stored anchors, a note, a proof. */
export async function anchorGas(): Promise<{ first: number; stored: number; noted: number; verify: number }> {
  const net = await openAnchorNet(true);
  try {
    const { chain, signer } = net;
    const scope = { chain, origin: "bench.example/log" };
    const root = (n: number) => sha256Hex(utf8(`root ${n}`));
    await anchor(scope, { size: 4_096, root: root(1) });
    const first = net.gasUsed;
    await anchor(scope, { size: 8_192, root: root(2) });
    const stored = net.gasUsed;
    await anchor({ ...scope, mode: "noted" }, { size: 8_192, root: root(2) });
    const noted = net.gasUsed;
    // A path of 20 hashes, as in a tree of a million records.
    const leaf = leafHash(utf8("a record"));
    let top = leaf;
    const proof = Array.from({ length: 20 }, (_, i) => root(i));
    for (const hash of proof) top = nodeHash(top, hash);
    const other = { chain, origin: "proof.example/log" };
    const { before } = await anchor(other, { size: 2 ** 20, root: top });
    const head = { before, size: 2n ** 20n, root: top };
    const args = [signer, anchorName(other.origin), head, [], 0n, leaf, proof];
    if ((await chain.read("verifyRecord", args)) !== true) throw new Error("the proof does not verify");
    return { first, stored, noted, verify: await net.estimate("verifyRecord", args) };
  } finally {
    await net.close();
  }
}
