import { BaseError, NotFoundError } from "@base/errors";
import type { Context } from "@kernel/capability";
import { columnOf } from "@machines/engine";
import { selectRows } from "@records/assets/execute.ts";
import { getInput } from "@records/assets/input.ts";
import { loadStatement, loadTable } from "@records/assets/load.ts";
import type { z } from "zod";
import type { showInput, showOutput } from "./shapes.ts";
import { policyById, policyLine, type RiskState, riskLine, riskStates } from "./state.ts";
import { POLICIES_PER_RISK } from "./terms.ts";
import { weatherDays } from "./weather.ts";
import { radiationAt, wrsi } from "./wrsi.ts";

/** Latitude of the running index where the table does not say: that of `cover.label`. */
const LATITUDE = 47.6;

/**
 * A policy with its risk, its payout and the season's weather; or a risk alone (ids below a million).
 * Throws NotFoundError for an unknown id.
 */
export async function show(context: Context, given: z.output<typeof showInput>): Promise<z.output<typeof showOutput>> {
  const policy = given.id > POLICIES_PER_RISK ? await policyById(context, given.id) : null;
  const risk = policy?.risk ?? (await riskById(context, given.id));
  const available = (await context.chain.read(context.contracts.get("Cover"), "available", [risk.id])) as bigint;
  return {
    policy: policy && policyLine(policy),
    risk: {
      ...riskLine(risk),
      output: risk.output,
      share: risk.share,
      inputHash: risk.inputHash,
      cap: risk.cap,
      available,
      now: (await context.chain.head()).timestamp,
    },
    payout: policy?.payout ?? null,
    season: await seasonOf(context, risk),
  };
}

async function riskById(context: Context, id: bigint): Promise<RiskState> {
  const [risk] = await riskStates(context, [id.toString()]);
  if (risk) return risk;
  throw new NotFoundError(`there is no risk ${id}`, { hints: ["`assay cover list` shows the risks."] });
}

/** The season's days with the index so far; empty where this node has not the table, or it is no weather, or sealed. SPEC C16. */
async function seasonOf(context: Context, risk: RiskState) {
  try {
    const input = await getInput(context, risk.inputHash);
    // Reading is open to everybody, and this node may hold the key: what is sealed is not even opened.
    if ("sealed" in (await loadStatement(context, input.data.asset)).statement) return [];
    const { statement, table } = await loadTable(context, input.data.asset);
    const rows = selectRows(table, input.select);
    const days = weatherDays(rows);
    const radiation = radiationAt(latitudeOf(statement) ?? LATITUDE);
    const dates = columnOf(rows, "date").values;
    return days.map((day, index) => ({
      date: String(dates[index]),
      precipitation: day.precipitation,
      score: wrsi(days.slice(0, index + 1), radiation),
    }));
  } catch (error) {
    if (error instanceof BaseError) return [];
    throw error;
  }
}

/** The latitude that a labelled table was made for. */
function latitudeOf(statement: unknown): number | undefined {
  const latitude = (statement as { transform?: { parameters?: { latitude?: unknown } } }).transform?.parameters
    ?.latitude;
  return typeof latitude === "number" ? latitude : undefined;
}
