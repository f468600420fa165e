/** The contract of a section of the bench. */
import type { Findings } from "./finding.js";

export interface BenchOptions {
  /** How long each contestant runs in a sample. */
  readonly seconds: number;
  /** A Python with torch and jax; null: no peers in Python. */
  readonly python: string | null;
  /** Says on stderr what is being measured. */
  readonly progress: (what: string) => void;
}

/** A section measures in `run`, by samples whose contestants take turns for `seconds` each, and reports ratios. */
export interface Section {
  readonly name: string;
  readonly describe: string;
  run(options: BenchOptions): Promise<Findings>;
}
