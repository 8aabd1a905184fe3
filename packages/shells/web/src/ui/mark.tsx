import type { Finality, StepStatus } from "../reads.ts";
import { t } from "../strings.ts";

const SHAPES: Record<Finality, React.ReactNode> = {
  final: (
    <>
      <path className="mark-fill" d="M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2z" />
      <path className="mark-cut" d="m4.8 8.2 2.2 2.2 4.3-4.6" />
    </>
  ),
  provisional: (
    <>
      <circle className="mark-dash" cx="8" cy="8" r="6.4" />
      <path className="mark-line" d="M8 4.6V8l2.2 1.6" />
    </>
  ),
  disputed: (
    <>
      <path className="mark-stroke" d="M8 1.2 15 8l-7 6.8L1 8z" />
      <path className="mark-line" d="M8 5v3.6M8 10.8v.2" />
    </>
  ),
  overturned: (
    <>
      <path className="mark-stroke" d="M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2z" />
      <path className="mark-line" d="m3.2 12.8 9.6-9.6" />
    </>
  ),
  failed: (
    <>
      <path className="mark-stroke" d="M2 2h12v12H2z" />
      <path className="mark-line" d="m5.4 5.4 5.2 5.2M10.6 5.4l-5.2 5.2" />
    </>
  ),
};

/** Path data of a mark for a drawing outside React, with the class of each path. */
export const markShapes = SHAPES;

/** The hallmark of a value: a stamped octagon when final, a dashed ring while it may change. */
export function Mark({ state, bare = false }: { state: Finality; bare?: boolean }) {
  return (
    <span className={`mark mark-${state}`} title={t.finalityHelp[state]}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        {SHAPES[state]}
      </svg>
      <span className={bare ? "quiet" : undefined}>{t.finality[state]}</span>
    </span>
  );
}

const STEP: Record<StepStatus, Finality> = {
  done: "final",
  running: "provisional",
  waiting: "provisional",
  failed: "failed",
};

/** How far a step of the loop has come. */
export function StepMark({ status, bare = false }: { status: StepStatus; bare?: boolean }) {
  return (
    <span className={`mark mark-${STEP[status]} step-${status}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        {status === "waiting" ? <circle className="mark-dash" cx="8" cy="8" r="6.4" /> : SHAPES[STEP[status]]}
      </svg>
      <span className={bare ? "quiet" : undefined}>{t.status[status]}</span>
    </span>
  );
}
