/** What other programs import: data/docs/api.md shows each of these at work. */

export { SweepError } from "../errors.js";
export type { FigureNumbers } from "../figures/numbers.js";
export { FIGURE_KINDS } from "../report/figures/kinds.js";
export type { CellSample, StoredEpoch, StoredRow } from "../store/contract.js";
export type { Finding } from "../verdict/finding.js";
export { VERSION } from "../version.js";
export {
  type FigureFound,
  figure,
  type VerdictOptions,
  verdict,
} from "./findings.js";
export {
  type Curve,
  listSweeps,
  type OpenOptions,
  type OpenSweep,
  openSweep,
  type StoredSweep,
} from "./open-sweep.js";
export { type PlanObject, type RunOptions, type RunResult, runSweep } from "./run-sweep.js";
