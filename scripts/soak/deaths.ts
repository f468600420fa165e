/** How threads die in a mortal grid: what its worker is told, in SOAK_DEATHS, and what it says. */
import { threadId } from "node:worker_threads";
import { stream } from "../../src/data/streams.js";

/** The trainings in which a thread may die, counted from 1; each thread draws its own. */
export interface Deaths {
  readonly soonest: number;
  readonly latest: number;
  readonly seed: number;
}

/** The line that each thread writes as it dies. */
export const DEATH = "a thread dies";

/** In which of its trainings this thread dies. */
export function lastTraining({ soonest, latest, seed }: Deaths): number {
  return soonest + Math.floor(stream("soak", "deaths", seed, threadId).uniform() * (latest + 1 - soonest));
}
