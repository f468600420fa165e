/** What to do where a sweep has too little for a figure, in words that work when they are typed. */
import { placeOption } from "../store/places.js";
import type { Sight } from "../verdict/sights.js";

/** What lets a sweep have what these options of `resume` ask for: the beginning of a sentence. */
export function grownBy({ sweep, place, finding }: Sight, options: string): string {
  if (sweep.shard.count > 1) return `the command of every shard, with ${options} too,`;
  if ((finding.verdict?.rounds ?? null) !== null)
    return `its command with ${options} and a --name of its own, since a sweep in rounds stays as it was asked,`;
  return `gmm-sweep resume ${place} ${options}`;
}

/** What trains what only the command that opened a sweep can ask for: the beginning of a sentence. A run has one setting, and no grid grows it. */
export function askedAgain({ sweep, place, results }: Sight, options: string): string {
  if (sweep.plan.name === null) return `gmm-sweep grid ${options} ${placeOption(results.place)}`;
  return `its command, which gmm-sweep status ${place} shows, with ${options}`;
}
