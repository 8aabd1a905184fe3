import { coverAbi } from "@apps/cover/abi.ts";
import { verifyLabel } from "@apps/cover/verifyLabel.ts";
import { verifyOffline as verifyPayout } from "@apps/cover/verifyOffline.ts";
import { InvalidInputError } from "@base/errors";
import type { Progress, Verifier } from "@kernel/capability";
import { decodeHeader } from "@machines/chain/proof/header.ts";
import { oracleAbi } from "@protocols/oracle/abi.ts";
import { verifyOffline as verifyDecision } from "@protocols/oracle/verifyOffline.ts";
import { checkReport } from "@protocols/training/verifyReport.ts";
import { verifyRun } from "@protocols/training/verifyRun.ts";
import { assetsAbi } from "@records/assets/abi.ts";
import { type Anchor, anchorsOf } from "@records/assets/provenEvents.ts";
import { parseReceipt, type Receipt } from "@records/assets/receiptFile.ts";
import { checkRowProof, parseRowProof } from "@records/assets/rowProof.ts";
import { verifyOffline } from "@records/assets/verifyOffline.ts";
import type { Abi } from "viem";

// The rooms' definitions would bring their servers along: here stands only what a page without one needs.
const abis: Readonly<Record<string, Abi>> = { Assets: assetsAbi, Oracle: oracleAbi, Cover: coverAbi };
const verifiers: Readonly<Record<string, () => Promise<Verifier>>> = {
  "assay/run/1": async () => verifyRun,
  "assay/fairness/2": async () => checkReport,
  "assay/influence/1": async () => checkReport,
  "assay/decision/1": async () => verifyDecision,
  "assay/payout/1": async () => verifyPayout,
  "transform:cover/wrsi/1": async () => verifyLabel,
};

/** One check as the page shows it. */
export interface Check {
  readonly about: string;
  readonly name: string;
  readonly ok: boolean;
  readonly skipped?: boolean | undefined;
  readonly detail: string;
}

/** What the page shows of a file. */
export interface Result {
  readonly subject: string;
  readonly answer?: string;
  readonly checks: readonly Check[];
}

/** What the reader trusts, as typed: empty where they gave nothing. */
export interface Trust {
  readonly header: string;
  readonly rpc: string;
  readonly contracts: string;
}

/** Checks a receipt (of a payout, a decision, an asset, a report) or a row proof given as text; throws InvalidInputError when it is neither. */
export async function check(text: string, trust: Trust, progress: (step: Progress) => void): Promise<Result> {
  const value = json(text, "This file is not JSON.") as { type?: unknown } | null;
  const known =
    trust.contracts === ""
      ? undefined
      : (json(trust.contracts, "The addresses are not JSON.") as Record<string, unknown>);
  if (value?.type === "assay/row-proof/1") return rowProof(value, known);
  const receipt = parseReceipt(value);
  const anchors = await anchorsFrom(trust, receipt);
  const report = await verifyOffline(receipt, { anchors, abis, verifiers, progress });
  return { subject: report.subject, checks: [...addresses(receipt.contracts, known), ...report.checks] };
}

async function rowProof(value: unknown, known: Record<string, unknown> | undefined): Promise<Result> {
  const proof = parseRowProof(value);
  const { checks, answer } = await checkRowProof(proof);
  const about = `asset:${proof.asset}`;
  const words = Object.entries(answer).map(
    ([part, { included, count }]) => `${part}: ${included ? `yes, ${count} times` : "no"}`,
  );
  const chain: Check = {
    about,
    name: "statement of the asset on chain",
    ok: true,
    skipped: true,
    detail: "not checked: compare the first statement's hash with the asset's on chain",
  };
  return {
    subject: about,
    answer: words.join("; "),
    checks: [...addresses(proof.contracts, known), ...checks.map((one) => ({ about, ...one })), chain],
  };
}

/** Signatures and events count for contracts: whether these are the right ones only the reader's own source can say. */
function addresses(contracts: Readonly<Record<string, string>>, known: Record<string, unknown> | undefined): Check[] {
  const about = "contracts";
  if (!known) {
    const detail = `not checked: ${Object.entries(contracts)
      .map(([name, address]) => `${name} ${address}`)
      .join(", ")}`;
    return [{ about, name: "addresses", ok: true, skipped: true, detail }];
  }
  return Object.entries(known).map(([name, address]) => {
    const found = contracts[name] ?? "nothing";
    const ok = String(address).toLowerCase() === found.toLowerCase();
    return { about, name, ok, detail: ok ? found : `the file says ${found}, you say ${String(address)}` };
  });
}

/** Headers that the reader gave, and those that the reader's node has at the heights of the receipt's. */
async function anchorsFrom({ header, rpc }: Trust, { chainId, evidence }: Receipt): Promise<Anchor[]> {
  const given = header === "" ? [] : anchorsOf(json(header, "The block header is not JSON."), "the header you gave");
  if (rpc === "" || !evidence) return given;
  const id = Number(await ask(rpc, "eth_chainId", []));
  if (id !== chainId) throw new InvalidInputError(`${rpc} serves chain ${id}, the receipt is of chain ${chainId}.`);
  const numbers = evidence.headers.map((encoded) => decodeHeader(encoded).number);
  // Neighbours vouch for each other: one question a run of blocks is enough.
  const ends = numbers.filter((number, at) => numbers[at + 1] !== number + 1n);
  for (const number of ends)
    given.push(...anchorsOf(await ask(rpc, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]), rpc));
  return given;
}

function json(text: string, problem: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError(problem, { cause });
  }
}

async function ask(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  let answer: { result?: unknown; error?: { message?: string } };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    answer = (await response.json()) as typeof answer;
  } catch (cause) {
    throw new InvalidInputError(`${url} does not answer.`, { cause });
  }
  if (answer.result === undefined || answer.result === null)
    throw new InvalidInputError(`${url}: ${answer.error?.message ?? "no answer"}`);
  return answer.result;
}
