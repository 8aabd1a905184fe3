// One line on stderr that is drawn over: what happens, how far it is, how long it will take.
import type { Progress } from "@kernel/capability";
import type { Io } from "./program.ts";
import type { Colors } from "./render.ts";

/** A progress bar for a terminal, at most twelve drawings a second. */
export class ProgressBar {
  readonly #io: Pick<Io, "stderr" | "columns" | "clock">;
  readonly #colors: Colors;
  #label = "";
  #began = 0;
  #start = 0;
  #drawn = 0;
  #dirty = false;

  constructor(io: Pick<Io, "stderr" | "columns" | "clock">, colors: Colors) {
    this.#io = io;
    this.#colors = colors;
  }

  /** Draws a step. A new label begins a new measure of time. */
  show(step: Progress): void {
    const now = this.#io.clock();
    if (step.label !== this.#label) {
      this.#label = step.label;
      this.#began = now;
      this.#start = step.done ?? 0;
      this.#drawn = 0;
    }
    if (now - this.#drawn < 80 && step.done !== step.total) return;
    this.#drawn = now;
    this.#dirty = true;
    this.#io.stderr(`\r\x1b[2K${this.#line(step, now)}`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.#dirty) this.#io.stderr("\r\x1b[2K");
    this.#dirty = false;
  }

  #line({ label, done, total, unit = "", note }: Progress, now: number): string {
    const { cyan, dim } = this.#colors;
    if (done === undefined) return `${cyan("…")} ${label}`;
    if (!total) return `${cyan("…")} ${label} ${dim(`${done} ${unit}`.trim())}`;
    const share = Math.min(1, Math.max(0, done / total));
    const end = `${Math.floor(share * 100)} % ${dim(`${done}/${total} ${unit}`.trim() + eta(this.#began, now, this.#start, done, total) + (note === undefined ? "" : `, ${note}`))}`;
    const width = Math.max(8, Math.min(30, this.#io.columns - label.length - 45 - (note?.length ?? 0)));
    const full = Math.round(share * width);
    return `${label} ${cyan("█".repeat(full))}${dim("░".repeat(width - full))} ${end}`;
  }
}

/** What is left, from the pace since the label began; nothing in the first half second. */
function eta(began: number, now: number, start: number, done: number, total: number): string {
  const passed = now - began;
  if (passed < 500 || done <= start || done >= total) return "";
  const left = Math.ceil(((passed / (done - start)) * (total - done)) / 1_000);
  return left >= 60 ? `, ${Math.floor(left / 60)} min ${left % 60} s left` : `, ${left} s left`;
}
