import { dataAnswers } from "./data.ts";
import { developmentAnswers } from "./development.ts";
import type { Facts } from "./gather.ts";
import { generalAnswers } from "./general.ts";
import { asked } from "./items.ts";
import { loggingAnswers } from "./logging.ts";
import { monitoringAnswers } from "./monitoring.ts";
import type { Item } from "./shapes.ts";
import { type Found, notesOf, settled, unsaid } from "./words.ts";

/** What finds the answers of an item. */
export type Finder = (facts: Facts) => Found;

const finders: Readonly<Record<string, Finder>> = {
  ...generalAnswers,
  ...developmentAnswers,
  ...dataAnswers,
  ...monitoringAnswers,
  ...loggingAnswers,
};

/**
 * Every item with what is on record about it: `answered` without a gap, `partial` with answers and gaps, `gap` with
 * nothing. No item is left out. SPEC D1, D2, D5.
 */
export function answers(facts: Facts): Item[] {
  return asked.map((item) => {
    const found = finders[item.id]?.(facts) ?? {
      answers: [],
      gaps: [
        unsaid(
          facts,
          item.id,
          `Nothing on record says it: ${item.asks}${/^For /.test(item.asks) ? " If that does not apply, a note says so." : ""}`,
        ),
      ],
    };
    const notes = notesOf(facts, item.id);
    const gaps = found.gaps
      .filter(({ note }) => !note || !settled(facts, item.id))
      .map(({ missing, close }) => ({ missing, close }));
    const all = [...found.answers, ...notes];
    const status = gaps.length === 0 ? "answered" : all.length === 0 ? "gap" : "partial";
    return { ...item, status, answers: all, gaps };
  });
}
