/** What more training buys: the half-width of the verdict's interval against what it costs here. */
import { loadProfile } from "../engine/engines.js";
import { oneOfEach } from "../plan/extending.js";
import { usableCores } from "../run/cores.js";
import { millisecondsPerEpoch } from "../run/forecast.js";
import { roomOf } from "../run/room.js";
import type { Interval } from "../stats/interval.js";
import type { Sweep } from "../store/contract.js";
import { designOf } from "../verdict/design.js";
import type { Sight } from "../verdict/sights.js";
import type { FigureNumbers } from "./numbers.js";

const MS_PER_SECOND = 1_000;
const HOUR = 3_600;
const POWER = 0.8;

/** The pairs of draws and trials around the cheapest that would show equivalence, each with the half-width that 9 of 10 sweeps planned like it meet, and its cost; time is measured here and now, on all usable cores. */
export async function nextHourNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const { results, sweep, setting, question, finding } = sight;
  const { plan, profile } = sweep;
  if (sweep.shard.count > 1) return "a shard does not grow by itself: gmm-sweep merge unites it with the others";
  if (finding.verdict !== null && finding.verdict.rounds !== null)
    return "a sweep that is trained in rounds says by itself when it has enough";
  if (plan.parts.some(({ trials }) => trials !== undefined))
    return "some cells have fewer trials than others as planned: plan by a grid of as many trials in each";
  const room = await roomOf(plan, (specs) => results.missing(profile, specs, false));
  const asked = { goal: { kind: "power" as const, power: POWER }, question, target: ANY };
  const design = designOf(setting, asked, room);
  if (typeof design === "string") return design;
  const threads = usableCores();
  const ms = await measured(sweep);
  const seconds = (epochs: number): number | null => (ms === null ? null : (epochs * ms) / threads / MS_PER_SECOND);
  const now = finding.verdict?.rows.find(({ what }) => what === "chosen")?.judgement ?? null;
  // What costs nothing is there already, and has the interval that it has.
  const known = design.choices.filter(({ epochs }) => epochs > 0 || now !== null);
  const choices = known.map(({ draws, trials, promised, power, epochs }) => ({
    ...{ draws, trials },
    half_width: epochs === 0 && now !== null ? halfOf(now.forget.interval) : promised.forget,
    accuracy_half_width: epochs === 0 && now !== null ? halfOf(now.accuracy.interval) : promised.accuracy,
    ...{ power: power.ifEqual, epochs, seconds: seconds(epochs) },
    planned: draws === design.best?.draws && trials === design.best.trials,
  }));
  if (choices.length === 0) return "no number of draws and trials leaves anything to judge by: two draws are the least";
  return {
    series: { choices },
    shown: [{ what: "pairs of draws and trials", shown: choices.length, of: choices.length }],
    facts: {
      estimand: question.estimand,
      margin: question.margins.forget,
      threads,
      ms_per_epoch: ms,
      within_hour: narrowest(choices.filter((of) => of.seconds !== null && of.seconds <= HOUR)),
      // Null where some of them take longer.
      most_seconds: choices.every((of) => of.seconds !== null && of.seconds <= HOUR)
        ? Math.max(...choices.map((of) => Number(of.seconds)))
        : null,
    },
  };
}

function halfOf({ low, high }: Interval): number {
  return (high - low) / 2;
}

function narrowest(choices: readonly { readonly half_width: number }[]): number | null {
  return choices.length === 0 ? null : Math.min(...choices.map(({ half_width }) => half_width));
}

const ANY = { method: null, lambda: null, epochs: null };

/** Null where what trained the sweep is not here. */
async function measured({ plan, profile }: Sweep): Promise<number | null> {
  const engine = await loadProfile(plan.engine.name, profile);
  return engine === null ? null : millisecondsPerEpoch(oneOfEach(plan), engine);
}
