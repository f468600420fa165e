/** What a figure looks at: one setting of a sweep with what was found of it, and the store for what the findings leave out. */
import type { Question } from "../plan/question.js";
import type { Results, Sweep } from "../store/contract.js";
import type { Finding } from "../verdict/finding.js";
import type { Rounds } from "../verdict/rounds.js";
import type { Setting } from "../verdict/scores.js";

export interface Sight {
  readonly results: Results;
  readonly sweep: Sweep;
  /** The cells that are asked about. */
  readonly setting: Setting;
  /** With bands for every recipe. */
  readonly finding: Finding;
  readonly question: Question;
  /** How the sweep is trained in rounds; null: it is not. */
  readonly rounds: Rounds | null;
}
