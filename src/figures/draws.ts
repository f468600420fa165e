/** Each draw's difference to retraining, beside the mean over draws. */
import type { Sight } from "../verdict/sights.js";
import { groundOfDraws, whyNone } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";
import { drawDifferences } from "./units.js";

/** Of each line of the verdict the draws that judge it, the least difference first, each with its 90 % interval over trials. */
export async function drawsNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOfDraws(sight);
  if (typeof ground === "string") return ground;
  const { basis, lines, stratumAt } = ground;
  if (lines.length === 0) return whyNone(sight, "nothing but retraining has been trained: add methods to --methods");
  const draws = lines.flatMap((line) =>
    drawDifferences(line, basis.table.retrained)
      .toSorted((a, b) => a.difference - b.difference)
      .map(({ place, draw, difference, trials, chance }, rank) => ({
        ...{ line: line.name, rank: rank + 1, draw, difference, trials, stratum: stratumAt(place) },
        ...{ error: chance?.error ?? null, low: chance?.low ?? null, high: chance?.high ?? null },
      })),
  );
  const mean = lines.flatMap(({ name, judgement }) => {
    if (judgement === null) return [];
    const { estimate, error, interval } = judgement.forget;
    return [{ line: name, difference: estimate, error, ...interval, draws: judgement.units }];
  });
  const counts = lines.map(({ name }) => {
    const own = draws.filter(({ line }) => line === name);
    const told = own.flatMap(({ low, high }) => (low === null || high === null ? [] : [{ low, high }]));
    const beyond = told.filter(({ low, high }) => low > 0 || high < 0).length;
    return { line: name, draws: own.length, intervals: told.length, beyond };
  });
  return {
    series: { draws, mean, counts },
    shown: counts.map(({ line, draws: own }) => ({
      ...{ what: "draws", shown: own, of: basis.units },
      when: { column: "line", value: line },
    })),
    choices: { line: lines.map(({ name }) => name) },
    facts: { estimand: sight.question.estimand, margin: sight.question.margins.forget },
  };
}
