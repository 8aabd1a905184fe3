// Measures the gas of whole transactions (intrinsic cost and calldata included) of the contracts as generated, in an
// in-process EVM, and keeps the figures in locks/gas.json.
// "decision" is request + submit + finalize with a callback that writes one fresh slot, from a salt that served the
// requester before; "decision.first" is the same from a salt used for the first time. Balances are not zero before.
//   node tools/gas.mjs            print the figures as JSON and write the lock
//   node tools/gas.mjs --check    fail when a figure is more than 0.5 % above the lock; write nothing
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  concat,
  createWalletClient,
  custom,
  decodeErrorResult,
  encodeFunctionData,
  keccak256,
  parseEther,
  publicActions,
  toHex,
  zeroHash,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { hardhat as devnet } from "viem/chains";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const lockFile = join(root, "locks/gas.json");
const tolerance = 0.005;

/** What a requester pays for at the least: it asks, and writes one fresh slot when the answer comes. */
const consumerSource = `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IOracle} from "@protocols/oracle/contracts/IOracle.sol";
import {IReceiver} from "@protocols/oracle/contracts/IReceiver.sol";
contract Consumer is IReceiver {
  IOracle immutable oracle; bytes32 immutable policyId; uint256 immutable modelId; bytes32 immutable inputHash;
  mapping(bytes32 => int256) public outputs;
  constructor(IOracle o, bytes32 p, uint256 m, bytes32 i) { oracle = o; policyId = p; modelId = m; inputHash = i; }
  function fund(IERC20 t, uint256 amount) external { t.approve(address(oracle), amount); oracle.deposit(address(this), amount); }
  function ask(uint256 salt, uint128 value, uint128 fee, uint64 expiry) external returns (bytes32) {
    return oracle.request(IOracle.Request(address(this), policyId, modelId, inputHash, value, fee, 100_000, expiry, bytes32(salt)));
  }
  function onReport(bytes calldata metadata, bytes calldata report) external {
    require(msg.sender == address(oracle));
    outputs[bytes32(metadata[:32])] = int256(uint256(bytes32(report[:32])));
  }
}`;

/** The contracts as they are deployed (each room's generated files), and the consumer compiled with the same settings. */
async function compile() {
  const require = createRequire(import.meta.url);
  const solc = require("solc");
  const config = (await import("../hardhat.config.ts")).default;
  const [{ settings }] = config.solidity.profiles.production.compilers;
  const read = (path) => readFileSync(join(root, "node_modules", path), "utf8");
  const input = {
    language: "Solidity",
    sources: { "Consumer.sol": { content: consumerSource } },
    settings: { ...settings, outputSelection: { "Consumer.sol": { "*": ["abi", "evm.bytecode.object"] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: (path) => ({ contents: read(path) }) }));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
  const { abi, evm } = output.contracts["Consumer.sol"].Consumer;
  return {
    oracle: await deployed("Oracle", "protocols/oracle", "oracle"),
    assets: await deployed("Assets", "records/assets", "assets"),
    panel: await deployed("Panel", "protocols/arbitration", "panel"),
    token: await deployed("TestToken", "base/testkit", "testToken"),
    consumer: { name: "Consumer", abi, bytecode: `0x${evm.bytecode.object}` },
  };
}

async function deployed(name, room, key) {
  const { [`${key}Abi`]: abi } = await import(`../packages/${room}/src/abi.ts`);
  const { [`${key}Bytecode`]: bytecode } = await import(`../packages/${room}/src/bytecode.ts`);
  return { name, abi, bytecode };
}

/** A chain in this process, with the clock in our hands. */
async function openDevnet() {
  const { default: hre } = await import("hardhat");
  const { provider } = await hre.network.create({
    override: {
      chainId: devnet.id,
      hardfork: "osaka",
      initialDate: "2026-01-01T00:00:00Z",
      allowBlocksWithSameTimestamp: false,
    },
  });
  const key = (name) => privateKeyToAccount(keccak256(toHex(name)));
  const client = createWalletClient({ chain: devnet, transport: custom(provider) }).extend(publicActions);
  const send = async (account, contract, functionName, args, gas = 15_000_000n) => {
    const hash = await client.sendTransaction({
      account,
      to: contract.address,
      gas,
      data: encodeFunctionData({ abi: contract.abi, functionName, args }),
    });
    const receipt = await client.getTransactionReceipt({ hash });
    if (receipt.status !== "success") {
      const data = await client
        .call({ account, to: contract.address, data: encodeFunctionData({ abi: contract.abi, functionName, args }) })
        .catch((error) => error.walk?.((e) => e.data)?.data);
      let reason = "no reason";
      try {
        reason = decodeErrorResult({ abi: contract.abi, data }).errorName;
      } catch {}
      throw new Error(`${contract.name}.${functionName} reverted: ${reason}`);
    }
    return receipt;
  };
  const deploy = async (account, contract, args = []) => {
    const hash = await client.deployContract({
      account,
      abi: contract.abi,
      bytecode: contract.bytecode,
      args,
      gas: 15_000_000n,
    });
    const receipt = await client.getTransactionReceipt({ hash });
    return { ...contract, address: receipt.contractAddress, gas: Number(receipt.gasUsed) };
  };
  const fund = (account) =>
    provider.request({ method: "hardhat_setBalance", params: [account.address, toHex(parseEther("1000"))] });
  const skip = (seconds) => provider.request({ method: "evm_increaseTime", params: [toHex(seconds)] });
  const now = async () => (await client.getBlock()).timestamp;
  return { client, key, send, deploy, fund, skip, now, close: () => provider.close?.() };
}

const word = (name) => keccak256(toHex(name));
const wad = 10n ** 18n;

/** The figures, one transaction each unless the name says otherwise. */
async function measure() {
  const contracts = await compile();
  const net = await openDevnet();
  const names = ["deployer", "data", "modeller", "a", "b", "c", "d", "e", "watcher"];
  const who = Object.fromEntries(names.map((name) => [name, net.key(`gas ${name}`)]));
  for (const account of Object.values(who)) await net.fund(account);
  const { deployer } = who;
  const token = await net.deploy(deployer, contracts.token);
  const assets = await net.deploy(deployer, contracts.assets, [token.address]);
  const oracle = await net.deploy(deployer, contracts.oracle, [token.address, assets.address]);
  const members = [who.a, who.b, who.c].map((member) => member.address);
  const panel = await net.deploy(deployer, contracts.panel, [
    token.address,
    members,
    2n,
    { stake: 10n * wad, fee: wad, commitPeriod: 600, revealPeriod: 600, exitDelay: 3600, penaltyBps: 5000 },
  ]);
  const call = (account, contract, name, ...args) => net.send(account, contract, name, args);
  const gas = async (...args) => Number((await call(...args)).gasUsed);
  const figures = {};

  const publication = (kind, name, parents, royaltyBps) => ({
    kind,
    root: word(`${name} root`),
    statement: word(`${name} statement`),
    price: 25n * wad,
    royaltyBps,
    parents,
    uri: "https://example.org/v1/blobs",
  });
  await call(deployer, assets, "publish", publication(4, "service", [], 0)); // the contract is in use
  figures.publish = await gas(who.data, assets, "publish", publication(1, "weather", [], 1000));
  figures["publish.second"] = await gas(who.data, assets, "publish", publication(1, "rain", [], 500));
  figures["publish.derived"] = await gas(who.data, assets, "publish", publication(2, "label", [2n], 500));
  figures["publish.model"] = await gas(who.modeller, assets, "publish", publication(3, "model", [4n], 0));
  await call(deployer, token, "faucet", deployer.address, 1_000_000n * wad);
  await call(deployer, token, "approve", assets.address, 1_000_000n * wad);
  await call(deployer, assets, "buy", 5n, who.watcher.address, 100n * wad);
  figures["buy.warm"] = await gas(deployer, assets, "buy", 5n, who.e.address, 100n * wad);

  for (const ledger of [oracle, panel]) {
    await call(deployer, token, "approve", ledger.address, 1_000_000n * wad);
    for (const account of Object.values(who)) await call(deployer, ledger, "deposit", account.address, 5000n * wad);
  }
  figures.deposit = await gas(deployer, oracle, "deposit", who.a.address, wad);
  const operators = [who.a, who.b, who.c, who.d, who.e].sort((x, y) =>
    x.address.toLowerCase() < y.address.toLowerCase() ? -1 : 1,
  );
  const terms = (threshold) => ({
    operators: operators.map((o) => o.address),
    threshold,
    window: 3600,
    courtTime: 7200,
    bond: 100n * wad,
    royaltyBps: 3000,
    arbiter: panel.address,
  });
  const life = async (threshold, salt, consumer) => {
    const expiry = (await net.now()) + 86_400n;
    const ask = await call(deployer, consumer, "ask", BigInt(salt), 50n * wad, 2n * wad, expiry);
    const r = {
      requester: consumer.address,
      policyId: consumer.policyId,
      modelId: 5n,
      inputHash: word("input"),
      valueAtRisk: 50n * wad,
      fee: 2n * wad,
      callbackGas: 100_000,
      expiry,
      salt: toHex(salt, { size: 32 }),
    };
    const now = await net.now();
    const a = {
      output: 618_273_544_928_374_655n,
      confidenceBps: 9150,
      whyHash: word(`why ${salt}`),
      evidenceRoot: word(`evidence ${salt}`),
      producedAt: now,
      validUntil: now + 30n * 86_400n,
    };
    const read = (functionName, args) => net.client.readContract({ ...oracle, functionName, args });
    const digest = await read("envelopeHash", [r, a]);
    const signers = operators.slice(0, threshold);
    const signatures = concat([
      "0x",
      ...(await Promise.all(signers.slice(1).map((signer) => signer.sign({ hash: digest })))),
    ]);
    const submit = await call(signers[0], oracle, "submit", r, a, signatures);
    return { ask, submit, r, a, signers: signers.map((signer) => signer.address) };
  };
  const consumerOf = async (threshold) => {
    const policyArgs = [terms(threshold)];
    const { result: policyId } = await net.client.simulateContract({
      account: deployer,
      ...oracle,
      functionName: "registerPolicy",
      args: policyArgs,
    });
    await call(deployer, oracle, "registerPolicy", ...policyArgs);
    const consumer = {
      ...(await net.deploy(deployer, contracts.consumer, [oracle.address, policyId, 5n, word("input")])),
      policyId,
    };
    await call(deployer, token, "faucet", consumer.address, 1000n * wad);
    await call(deployer, consumer, "fund", token.address, 1000n * wad);
    return consumer;
  };
  for (const threshold of [1, 3, 5]) {
    const consumer = await consumerOf(threshold);
    const suffix = threshold === 1 ? "" : `.t${threshold}`;
    for (const use of [".first", ""]) {
      const { ask, submit, r, a, signers } = await life(threshold, 1, consumer);
      await net.skip(3601);
      const finalize = await call(deployer, oracle, "finalize", r, a, signers);
      const id = await net.client.readContract({ ...oracle, functionName: "idOf", args: [r] });
      if ((await net.client.readContract({ ...consumer, functionName: "outputs", args: [id] })) !== a.output)
        throw new Error("the consumer did not get the answer");
      const parts = { request: ask, submit, finalize };
      for (const [name, receipt] of Object.entries(parts)) figures[name + suffix + use] = Number(receipt.gasUsed);
      figures[`decision${suffix}${use}`] = Object.values(parts).reduce(
        (sum, receipt) => sum + Number(receipt.gasUsed),
        0,
      );
      figures.distribute = await gas(deployer, oracle, "distribute", r, a, signers);
    }
    if (threshold !== 1) continue;
    const wrong = await life(threshold, 1, consumer);
    const claim = { ...wrong.a, output: 1n };
    figures.challenge = await gas(who.watcher, oracle, "challenge", wrong.r, wrong.a, wrong.signers, claim, wad);
    const result = await net.client.readContract({ ...oracle, functionName: "resultHash", args: [wrong.r, claim] });
    const commitment = (member) =>
      net.client.readContract({ ...panel, functionName: "commitmentOf", args: [1n, member.address, result, zeroHash] });
    for (const member of [who.a, who.b, who.c])
      figures["panel.commit"] = await gas(member, panel, "commit", 1n, await commitment(member));
    for (const member of [who.a, who.b, who.c])
      figures["panel.reveal"] = await gas(member, panel, "reveal", 1n, result, zeroHash);
    figures["panel.settle"] = await gas(deployer, panel, "settle", 1n);
    figures.resolve = await gas(deployer, oracle, "resolve", wrong.r, {
      answer: wrong.a,
      signers: wrong.signers,
      claim,
      challenger: who.watcher.address,
      disputeId: 1n,
    });
  }
  for (const contract of [oracle, assets, panel]) figures[`deploy.${contract.name}`] = contract.gas;
  await net.close();
  return figures;
}

const figures = await measure();
console.log(JSON.stringify(figures, null, 2));
if (process.argv.includes("--check")) {
  const lock = JSON.parse(readFileSync(lockFile, "utf8"));
  const worse = Object.entries(figures).filter(
    ([name, value]) => lock[name] === undefined || value > lock[name] * (1 + tolerance),
  );
  for (const [name, value] of worse)
    console.error(`gas: ${name} is ${value}, the lock says ${lock[name] ?? "nothing"}`);
  if (worse.length > 0) process.exitCode = 1;
} else {
  writeFileSync(lockFile, `${JSON.stringify(figures, null, 2)}\n`);
}
