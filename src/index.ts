/** What other programs import: data/docs/api.md shows each of these at work. */
export {
  type FigureFound,
  figure,
  type VerdictOptions,
  verdict,
} from "./api/findings.js";
export {
  type Curve,
  listSweeps,
  type OpenOptions,
  type OpenSweep,
  openSweep,
  type StoredSweep,
} from "./api/open-sweep.js";
export { type PlanObject, type RunOptions, type RunResult, runSweep } from "./api/run-sweep.js";
export { SweepError } from "./errors.js";
export type { FigureNumbers } from "./figures/numbers.js";
export { FIGURE_KINDS } from "./report/figures/kinds.js";
export type { CellSample, StoredEpoch, StoredRow } from "./store/contract.js";
export type { Finding } from "./verdict/finding.js";
export { VERSION } from "./version.js";
