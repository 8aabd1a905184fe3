import { NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import type { Hex } from "viem";
import {
  type Answer,
  answerSchema,
  type Policy,
  policySchema,
  type Request,
  type Ruling,
  requestSchema,
  type Status,
} from "./types.ts";

/** A challenge as the index has it, with its outcome once there is one. */
export interface Challenge {
  readonly challenger: Hex;
  readonly arbiter: Hex;
  readonly disputeId: bigint;
  readonly claim: Answer;
  readonly deadline: bigint;
  readonly tx: Hex;
  readonly resolution?: {
    readonly ruling: Ruling;
    readonly status: Status;
    readonly deadline: bigint;
    readonly tx: Hex;
  };
}

/** An answer with who stands behind it; `deadline` is the last second (Unix) in which it may be challenged. */
export interface Standing {
  readonly answer: Answer;
  readonly signers: readonly Hex[];
  readonly deadline: bigint;
  readonly tx: Hex;
}

/** Everything the index knows of a request. */
export interface RequestState {
  readonly id: Hex;
  readonly request: Request;
  readonly policy: Policy;
  /** Unix seconds of the block it was asked in. */
  readonly askedAt: bigint;
  readonly askedTx: Hex;
  readonly status: Status;
  /** What stands now: the operators' answer, or the challenger's claim after it was ruled right. */
  readonly answer?: Standing;
  /** Every answer that operators sent, oldest first, overruled ones included. */
  readonly answers: readonly Standing[];
  readonly challenges: readonly Challenge[];
  readonly final?: { readonly output: bigint; readonly delivered: boolean; readonly royalty: bigint; readonly tx: Hex };
  readonly royalties: readonly { readonly owner: Hex; readonly amount: bigint; readonly tx: Hex }[];
}

type Row = Record<string, string | number>;

/** Assembles a request's state from its rows; throws NotFoundError for an id that was never asked. */
export async function requestState(context: Pick<Context, "db">, id: string): Promise<RequestState> {
  const rows = (table: string, column = "request_id", value = id): Promise<Row[]> =>
    context.db.kysely
      .selectFrom(table)
      .selectAll()
      .where(column, "=", value)
      .orderBy("block")
      .orderBy("log_index")
      .execute() as Promise<Row[]>;

  const [asked] = await rows("ix_oracle_requests");
  if (!asked) {
    throw new NotFoundError(`There is no decision ${id}.`, {
      hints: ["List them with: assay oracle list"],
      data: { id },
    });
  }
  const [policyRow] = await rows("ix_oracle_policies", "policy_id", String(asked["policy_id"]));
  if (!policyRow)
    throw new NotFoundError(`The policy ${asked["policy_id"]} of decision ${id} is not indexed.`, {
      kind: "retryable",
    });
  const answers = (await rows("ix_oracle_answers")).map(
    (row): Standing => ({
      answer: answerSchema.parse(JSON.parse(String(row["answer_json"]))),
      signers: JSON.parse(String(row["signers_json"])) as Hex[],
      deadline: BigInt(String(row["deadline"])),
      tx: row["tx"] as Hex,
    }),
  );
  const resolutions = await rows("ix_oracle_resolutions");
  const challenges = (await rows("ix_oracle_challenges")).map((row): Challenge => {
    const found = resolutions.find((r) => r["dispute_id"] === row["dispute_id"]);
    return {
      challenger: row["challenger"] as Hex,
      arbiter: row["arbiter"] as Hex,
      disputeId: BigInt(String(row["dispute_id"])),
      claim: answerSchema.parse(JSON.parse(String(row["claim_json"]))),
      deadline: BigInt(String(row["deadline"])),
      tx: row["tx"] as Hex,
      ...(found && {
        resolution: {
          ruling: found["ruling"] as Ruling,
          status: found["status"] as Status,
          deadline: BigInt(String(found["deadline"])),
          tx: found["tx"] as Hex,
        },
      }),
    };
  });
  const [final] = await rows("ix_oracle_finals");
  const [voided] = await rows("ix_oracle_voids");
  const delivered = final && (final["delivered"] === "yes" || (await rows("ix_oracle_deliveries")).length > 0);
  const answer = standing(answers, challenges);
  const request = requestSchema.parse(JSON.parse(String(asked["request_json"])));
  const policy = policySchema.parse(JSON.parse(String(policyRow["policy_json"])));
  return {
    id: id as Hex,
    request,
    policy,
    askedAt: BigInt(String(asked["asked_at"])),
    askedTx: asked["tx"] as Hex,
    status: statusFrom(final, Boolean(delivered), voided, answer, challenges),
    ...(answer && { answer }),
    answers,
    challenges,
    ...(final && {
      final: {
        output: BigInt(String(final["output"])),
        delivered: Boolean(delivered),
        royalty: royaltyOf(request, policy),
        tx: final["tx"] as Hex,
      },
    }),
    royalties: (await rows("ix_oracle_royalties")).map((row) => ({
      owner: row["owner"] as Hex,
      amount: BigInt(String(row["amount"])),
      tx: row["tx"] as Hex,
    })),
  };
}

/** The lineage's part of a fee, rounded down; a request without a model owes none. */
function royaltyOf(request: Request, policy: Policy): bigint {
  return request.modelId === 0n ? 0n : (request.fee * BigInt(policy.royaltyBps)) / 10_000n;
}

/** Replays submissions and resolutions in order: the last turn decides what stands. */
function standing(answers: readonly Standing[], challenges: readonly Challenge[]): Standing | undefined {
  let current = answers.at(-1);
  if (!current) return undefined;
  // A request opens again when neither side was right: challenges of earlier answers no longer count.
  const reopened = challenges.findLastIndex((c) => c.resolution?.status === "open");
  if (reopened >= 0 && answers.length <= challenges.filter((c) => c.resolution?.status === "open").length)
    return undefined;
  for (const challenge of challenges.slice(reopened + 1)) {
    if (challenge.resolution?.status !== "answered") continue;
    const deadline = challenge.resolution.deadline;
    current =
      challenge.resolution.ruling === "claim"
        ? { answer: challenge.claim, signers: [challenge.challenger], deadline, tx: challenge.tx }
        : { ...current, deadline };
  }
  return current;
}

function statusFrom(
  final: Row | undefined,
  delivered: boolean,
  voided: Row | undefined,
  answer: RequestState["answer"],
  challenges: readonly Challenge[],
): Status {
  if (final) return delivered ? "final" : "undelivered";
  if (voided || challenges.some((c) => c.resolution?.status === "void")) return "void";
  if (challenges.some((c) => !c.resolution)) return "disputed";
  return answer ? "answered" : "open";
}
