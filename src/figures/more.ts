/** What to do where a sweep has too little for a figure, in words that work when they are typed. */
import { fixedOf } from "../plan/extending.js";
import { type Sight, sweepNamed } from "../verdict/sights.js";

/** What lets a sweep have what these options of `resume` ask for: the beginning of a sentence. */
export function grownBy(sight: Sight, options: string): string {
  if (sight.sweep.shard.count > 1) return `the command of every shard, with ${options} too,`;
  if ((sight.finding.verdict?.rounds ?? null) !== null)
    return `its command with ${options} and a --name of its own, since a sweep in rounds stays as it was asked,`;
  return `gmm-sweep resume ${sweepNamed(sight)} ${options}`;
}

/** What brings a sweep of one draw others: a run keeps its one, and imported draws have no seeds. */
export function moreDraws(sight: Sight): string {
  const fixed = fixedOf(sight.sweep.plan);
  if (fixed === "run") return `gmm-sweep grid ${sight.place} --data-seeds 1:20 trains several, as a sweep of its own`;
  if (fixed === "imported") return "gmm-sweep grid --data with other folders, under the sweep's --name, adds some";
  return `${grownBy(sight, "--data-seeds 1:20")} adds some`;
}

/** What trains what only the command that opened a sweep can ask for: the beginning of a sentence. A run has one setting, and no grid grows it. */
export function askedAgain(sight: Sight, options: string): string {
  if (sight.sweep.plan.name === null) return `gmm-sweep grid ${sight.place} ${options}`;
  return `its command, which gmm-sweep status ${sweepNamed(sight)} shows, with ${options}`;
}
