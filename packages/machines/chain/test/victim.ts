import { privateKeyToAccount } from "viem/accounts";
import { openChain } from "../src/index.ts";
import { ledger } from "./ledger.ts";

// Child of the kill test: writes without end and prints each hash once it is acknowledged.
const dir = process.argv[2] ?? "";
const chain = await openChain({ kind: "embedded", dir, port: 0 });
const accounts = [1, 2, 3].map((n) => privateKeyToAccount(`0x${String(n).repeat(64)}`));
for (const { address } of accounts) await chain.dev?.fund(address, 10n ** 18n);
const { abi, bytecode } = ledger();
const first = await chain.deploy(accounts[0] as (typeof accounts)[0], { abi, bytecode, args: [0n] });
const contract = { address: first.contractAddress, abi };
const say = (receipt: { transactionHash: string; blockHash: string }): void => {
  process.stdout.write(`${receipt.transactionHash} ${receipt.blockHash}\n`);
};
say(first);
await Promise.all(
  accounts.map(async (account) => {
    for (let i = 0; ; i++) {
      say(await chain.write(account, contract, "put", [`0x${i.toString(16).padStart(64, "0")}`, first.blockHash]));
      if (i % 20 === 19) await chain.dev?.advance(3600);
    }
  }),
);
