/** What a pilot says of a recipe: how much of its difference to retraining is the draws' and how much the trials'. */
import { ENDPOINTS, type Endpoint } from "../plan/question.js";
import type { Pilot } from "../stats/extension.js";
import type { Interval } from "../stats/interval.js";
import { mean, variance } from "../stats/moments.js";
import { oneWay, varianceInterval } from "../stats/variance-components.js";
import { ALPHA } from "./answer.js";
import { byTrial, type Differences } from "./differences.js";
import { RETRAINED } from "./roles.js";
import type { Recipe, Table } from "./table.js";

/** The confidence of the intervals of variances. */
const CONFIDENCE = 1 - 2 * ALPHA;
const LEAST_TRIALS = 2;

export type PerEndpoint<Value> = Readonly<Record<Endpoint, Value>>;

export interface Component {
  /** The unbiased estimate, which may be negative. */
  readonly variance: number;
  /** With 90 % confidence. */
  readonly interval: Interval;
}

/** How a difference to retraining spreads in the pilot. */
export interface Spread {
  readonly difference: number;
  /** Of the draws' true differences; null on one draw. */
  readonly draw: Component | null;
  /** Of a trial's difference to the retraining that it is paired with. */
  readonly trial: Component;
}

/** A recipe's differences to retraining, balanced. */
export interface Measured extends PerEndpoint<Pilot> {
  readonly spread: PerEndpoint<Spread>;
  /** Of each draw. */
  readonly trials: number;
  readonly isOneDraw: boolean;
  readonly hasRivals: boolean;
}

/** What the pilot says of a recipe, or why it says nothing. */
export function pilotOf({ samples }: Recipe, { retrained, draws }: Table, hasRivals: boolean): Measured | string {
  if ([...samples, ...retrained].some(({ isOneRun }) => isOneRun))
    return `its trials of ${samples[0].key.method} are copies of one run, which say nothing of chance: plan on a sweep of --preset paired`;
  const pairs = samples.map((sample, draw) => paired(byTrial(sample, retrained[draw])));
  const trials = pairs.reduce((least, { forget }) => Math.min(least, forget.length), Number.POSITIVE_INFINITY);
  if (trials < LEAST_TRIALS)
    return `its draw ${draws[pairs.findIndex(({ forget }) => forget.length === trials)]} has ${trials} ${trials === 1 ? "trial" : "trials"} of both ${samples[0].key.method} and ${RETRAINED}, and two are the least: add some with --trials`;
  const [forget, accuracy] = ENDPOINTS.map((endpoint) => pairs.map((of) => of[endpoint].slice(0, trials)));
  return {
    ...{ forget: meansOf(forget), accuracy: meansOf(accuracy), trials, isOneDraw: draws.length === 1, hasRivals },
    spread: { forget: spreadOf(forget), accuracy: spreadOf(accuracy) },
  };
}

/** The trials that both have. */
function paired(of: Differences): Differences {
  const there = (values: readonly number[]): number[] => values.filter((value) => !Number.isNaN(value));
  return { forget: there(of.forget), accuracy: there(of.accuracy) };
}

function meansOf(groups: readonly (readonly number[])[]): Pilot {
  const [first] = groups;
  // On one draw its trials are all there is to replicate.
  if (groups.length === 1) return { groups: first.length, size: 1, between: variance(first), within: 0 };
  const within = mean(groups.map(variance));
  return { groups: groups.length, size: first.length, between: variance(groups.map(mean)), within };
}

function spreadOf(groups: readonly (readonly number[])[]): Spread {
  const difference = mean(groups.map(mean));
  if (groups.length > 1) {
    const { group, trial } = oneWay(groups, CONFIDENCE);
    return { difference, draw: group, trial };
  }
  const [values] = groups;
  const found = variance(values);
  return {
    difference,
    draw: null,
    trial: { variance: found, interval: varianceInterval(found, values.length - 1, CONFIDENCE) },
  };
}

export function perEndpoint<Value>(of: (endpoint: Endpoint) => Value): PerEndpoint<Value> {
  return { forget: of("forget"), accuracy: of("accuracy") };
}
