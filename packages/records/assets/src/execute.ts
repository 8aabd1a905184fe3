import { canonicalJson } from "@base/bytes/canonicalJson.ts";
import { sha256Hex } from "@base/bytes/hash.ts";
import { IntegrityError, InvalidInputError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { loadModel, type Table, toWad } from "@machines/engine";
import { explainIntegers, openIntegers } from "@machines/engine/model/integers.ts";
import {
  columnsOf,
  explainRow,
  InexplicableError,
  type OnnxExplanation,
  referenceRow,
} from "@machines/engine/onnx/explain.ts";
import { importOnnx } from "@machines/engine/onnx/model.ts";
import { answerOf, confidenceOf, runRows } from "@machines/engine/onnx/rows.ts";
import { MAX_ENUMERATED } from "@machines/engine/onnx/shapley.ts";
import type { Hash } from "@machines/store";
import { encodeAbiParameters, type Hex, keccak256 } from "viem";
import { getInput, type Selection } from "./input.ts";
import { assetBytes } from "./bytes.ts";
import { type AnyModelStatement, isModelStatement, parseAssetStatement, parseTableStatement } from "./statements.ts";
import { tableOf } from "./table.ts";

/** What re-execution determines, to the bit: every honest party gets the same. */
export interface Result {
  readonly modelId: bigint;
  readonly inputHash: Hash;
  /** Fixed point, 1e18 = 1. */
  readonly output: bigint;
  readonly confidenceBps: number;
  /** SHA-256 of `why`'s canonical JSON. */
  readonly whyHash: Hash;
  /** SHA-256 of `evidence`'s canonical JSON. */
  readonly evidenceRoot: Hash;
  readonly why: Why;
  readonly evidence: Evidence;
}

/** The reasons: what each input added to the base to reach the output. */
export interface Why {
  readonly type: "assay/why/1";
  readonly base: number;
  readonly contributions: readonly { readonly name: string; readonly value: number }[];
}

/** What the result was computed from: enough to compute it again. */
export interface Evidence {
  readonly type: "assay/evidence/1";
  readonly model: { readonly asset: string; readonly root: Hash };
  readonly input: Hash;
  readonly data: { readonly asset: string; readonly root: Hash };
  /** Rows that were selected, and the SHA-256 of their canonical JSON. */
  readonly rows: number;
  readonly rowsHash: Hash;
  /** The model's float32 output. */
  readonly output: number;
}

/** The part of an asset's on-chain record that leads to its bytes. */
interface Listed {
  readonly root: Hash;
  readonly statement: Hash;
}

type Needs = Pick<Context, "store" | "chain" | "contracts">;

/**
 * Runs the model asset on a committed input, from bytes that are checked against the chain.
 *
 * @throws NotFoundError when bytes are nowhere to be had; IntegrityError when they are not what the chain says;
 * InvalidInputError when the input does not fit the model.
 */
export async function execute(context: Needs, modelId: bigint, inputHash: Hash): Promise<Result> {
  const input = await getInput(context, inputHash);
  const model = await readModel(context, modelId);
  const table = await readTable(context, BigInt(input.data.asset));
  if (table.root !== input.data.root) {
    throw new IntegrityError(
      `The input names data root ${input.data.root}, but asset ${input.data.asset} has ${table.root}.`,
      {
        data: { inputHash },
      },
    );
  }
  const rows = selectRows(table.table, input.select);
  const decision = decide(model, rows, table.table);
  const why: Why = {
    type: "assay/why/1",
    base: decision.base,
    contributions: decision.contributions.map(({ name, value }) => ({ name, value })),
  };
  const evidence: Evidence = {
    type: "assay/evidence/1",
    model: { asset: modelId.toString(), root: model.root },
    input: inputHash,
    data: { asset: input.data.asset, root: input.data.root },
    rows: rows.rows,
    rowsHash: hashJson(rows.columns.map(({ name, values }) => ({ name, values }))),
    output: decision.output,
  };
  return {
    modelId,
    inputHash,
    output: decision.outputWad,
    confidenceBps: decision.confidenceBps,
    whyHash: hashJson(why),
    evidenceRoot: hashJson(evidence),
    why,
    evidence,
  };
}

/** What an answer consists of, whatever the model is made of. */
interface Answer {
  readonly output: number;
  readonly outputWad: bigint;
  readonly confidenceBps: number;
  readonly base: number;
  readonly contributions: readonly { readonly name: string; readonly value: number }[];
}

/** Most work of one imported model's run, counted before it happens: a node must not hang on a stranger's file. */
const MOST_WORK = 2 ** 32;

/**
 * Runs a model on the rows that were selected. An imported ONNX model needs a reading and answers for one row, an integer
 * program for one sample. Nothing is known of their errors: where they tell shares of classes their confidence is the
 * likeliest one's, else 0. Reasons start from the typical row of the whole table.
 */
function decide(
  { bytes, statement }: { readonly bytes: Uint8Array; readonly statement: AnyModelStatement },
  rows: Table,
  whole: Table,
): Answer {
  if (statement.type === "assay/model/1") return loadModel(bytes).run(rows);
  const { reading, mediaType, name } = statement;
  if (mediaType === "application/vnd.assay.integers") return decideInIntegers(bytes, rows, whole);
  if (reading === undefined)
    throw new InvalidInputError(`The model ${name} does not say how a row of a table becomes an answer.`, {
      hints: ["Import it with --columns, and --output and --index where they are not the last and the first."],
    });
  if (rows.rows !== 1) throw new InvalidInputError(`The model answers for exactly 1 row, not ${rows.rows}.`);
  const [onnx, options] = [importOnnx(bytes), { budget: MOST_WORK }];
  const row = runRows(onnx, reading, rows, 0, 1, options)[0] ?? {};
  const [output, confidenceBps] = [answerOf(reading, row), confidenceOf(reading, row)];
  return answered(output, confidenceBps, () =>
    explainRow(onnx, reading, rows, 0, referenceRow(whole, columnsOf(reading)), options),
  );
}

/** An integer program (contract I8S) says itself how a row becomes its input. */
function decideInIntegers(bytes: Uint8Array, rows: Table, whole: Table): Answer {
  const model = openIntegers(bytes);
  const wanted = model.first(rows) + 1;
  if (rows.rows !== wanted)
    throw new InvalidInputError(`The model answers for exactly ${wanted} rows, not ${rows.rows}.`);
  const runs = 2 ** Math.min(model.columns?.length ?? 0, MAX_ENUMERATED);
  if (model.work * runs > MOST_WORK)
    throw new InvalidInputError(`The model takes ${model.work} operations a run: too many for a decision.`);
  const outputs = model.run(rows, rows.rows - 1);
  const shares = { inputs: [], output: "shares", index: 0 };
  const confidenceBps = confidenceOf(shares, { shares: Array.from(outputs) });
  return answered(model.answer(outputs), confidenceBps, () =>
    explainIntegers(model, rows, rows.rows - 1, referenceRow(whole, model.columns ?? [])),
  );
}

/** An answer with its reasons, or with none where no exact method gives them. */
function answered(output: number, confidenceBps: number, explain: () => OnnxExplanation): Answer {
  const said = { output, outputWad: toWad(output, false), confidenceBps };
  try {
    const { base, values } = explain();
    return { ...said, base, contributions: values.map(({ column, value }) => ({ name: column, value })) };
  } catch (error) {
    if (!(error instanceof InexplicableError)) throw error;
    return { ...said, base: output, contributions: [] };
  }
}

/** Hash that contracts compare results by: keccak256(abi.encode(modelId, inputHash, output, confidenceBps, whyHash, evidenceRoot)). */
export function resultHash(result: {
  readonly modelId: bigint;
  readonly inputHash: Hex;
  readonly output: bigint;
  readonly confidenceBps: number;
  readonly whyHash: Hex;
  readonly evidenceRoot: Hex;
}): Hex {
  return keccak256(
    encodeAbiParameters(
      [
        { type: "uint256" },
        { type: "bytes32" },
        { type: "int256" },
        { type: "uint16" },
        { type: "bytes32" },
        { type: "bytes32" },
      ],
      [result.modelId, result.inputHash, result.output, result.confidenceBps, result.whyHash, result.evidenceRoot],
    ),
  );
}

/** The bundle and statement of a model asset, checked against its on-chain root. */
export async function readModel(
  context: Needs,
  id: bigint,
): Promise<{ bytes: Uint8Array; root: Hash; statement: AnyModelStatement }> {
  const listed = await listedAsset(context, id);
  const statement = parseAssetStatement(await context.store.getJson(listed.statement));
  if (!isModelStatement(statement)) throw new InvalidInputError(`Asset ${id} is not a model but ${statement.type}.`);
  if (statement.root !== listed.root)
    throw new IntegrityError(`Asset ${id}: statement and chain name different model roots.`);
  return { bytes: await context.store.get(listed.root), root: listed.root, statement };
}

/** The table and root of a data asset, checked against its on-chain root. */
export async function readTable(
  context: Needs,
  id: bigint,
): Promise<{ table: Table; root: Hash; statementHash: Hash }> {
  const listed = await listedAsset(context, id);
  const statement = parseTableStatement(await context.store.getJson(listed.statement));
  if (statement.manifest.root !== listed.root) {
    throw new IntegrityError(`Asset ${id}: statement and chain name different data roots.`);
  }
  const bytes = await assetBytes(context, statement);
  return { table: await tableOf(statement, bytes), root: listed.root, statementHash: listed.statement };
}

/** The rows that a selection names; throws InvalidInputError when there are none. */
export function selectRows(table: Table, select: Selection): Table {
  let keep: (row: number) => boolean;
  if ("by" in select) {
    const column = table.columns.find(({ name }) => name === select.by);
    if (!column)
      throw new InvalidInputError(`The table has no column "${select.by}".`, { data: { column: select.by } });
    keep = (row) => {
      const day = String(column.values[row]).slice(0, 10);
      return day >= select.from && day <= select.to;
    };
  } else {
    keep = (row) => row >= select.first && row < select.first + select.count;
  }
  const chosen = Array.from({ length: table.rows }, (_, row) => row).filter(keep);
  if (chosen.length === 0)
    throw new InvalidInputError("The selection holds no row of the table.", {
      hints: ["by" in select ? `Days stand in column "${select.by}".` : `Its ${table.rows} rows are counted from 0.`],
      data: { select },
    });
  return {
    rows: chosen.length,
    columns: table.columns.map((column) => ({ ...column, values: chosen.map((row) => column.values[row] ?? null) })),
  };
}

async function listedAsset(context: Needs, id: bigint): Promise<Listed> {
  const assets = context.contracts.get("Assets");
  if (!(await context.chain.read(assets, "exists", [id]))) {
    throw new NotFoundError(`There is no asset ${id} on chain ${context.chain.chainId}.`, {
      data: { id: id.toString() },
    });
  }
  return (await context.chain.read(assets, "asset", [id])) as Listed;
}

function hashJson(value: unknown): Hash {
  return sha256Hex(new TextEncoder().encode(canonicalJson(value)));
}
