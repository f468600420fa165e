/** Pure: from settings to the trajectories they ask for, in groups that share a start, in the order in which they should run. */

import { lastEpoch, type TrajectorySpec, trainingKey, trajectoryKey } from "../trial.js";
import { isOneRun, methodNamed } from "./methods.js";
import type { Setting } from "./options.js";

/** A part of a plan: of each kind of group every `count`-th. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export const WHOLE: Shard = { index: 0, count: 1 };

/**
 * The trajectories of a sweep, group by group; those of a group share a fresh start, so that whoever trains a group
 * trains each start once. `total` is the count of trials the sweep has been asked for so far: in the notebook preset
 * its last original is where the copies start, so those cover all of it.
 */
export function* plan(
  settings: readonly Setting[],
  trials: number,
  total: number,
  shard: Shard = WHOLE,
): Generator<TrajectorySpec[]> {
  const deal = dealer(shard.count);
  for (const setting of settings) {
    for (const trial of trialsInOrder(setting, trials, total)) {
      const wanted = trial <= trials ? setting.methods : oneRunMethods(setting);
      const specs = wanted.flatMap((name) => specsOfTrial(setting, name, trial, total));
      for (const group of groupByStart(specs)) if (deal(group) === shard.index) yield group;
    }
  }
}

/**
 * Says of each group of a plan, one after the other, which of `count` shards it is in. Groups that take as long are dealt
 * round by themselves: original with all that goes on from it alternates with retrain_scratch, and every second group of
 * the plan would give half of the shards nothing but retrain_scratch.
 */
export function dealer(count: number): (group: readonly TrajectorySpec[]) => number {
  if (count === 1) return () => 0;
  const next = new Map<string, number>();
  let groups = 0;
  return (group) => {
    const [{ draw, hidden }] = group;
    const kind = [epochsToTrain(group), draw.samples, draw.features, ...hidden].join(" ");
    // Kinds begin at shards of their own, so that rare ones do not all fall to the first.
    const place = next.get(kind) ?? groups;
    next.set(kind, place + 1);
    groups += 1;
    return place % count;
  };
}

/** A trajectory of each arm — each method, λ and start — whose cells are a sweep's cells. */
export function arms(setting: Setting, total: number): TrajectorySpec[] {
  return setting.methods.flatMap((name) => specsOfTrial(setting, name, total, total));
}

/** Every trial; first the one that the copies of the notebook's preset go on from, since that group takes longest. */
function trialsInOrder(setting: Setting, trials: number, total: number): number[] {
  const all = Array.from({ length: trials }, (_, i) => i + 1);
  return oneRunMethods(setting).length === 0 ? all : [total, ...all.filter((trial) => trial !== total)];
}

function oneRunMethods({ preset, methods }: Setting): string[] {
  return methods.filter((name) => isOneRun(preset, methodNamed(name)));
}

/** What `trial` adds to a plan: methods that are one run stand in the plan once, with the trial they start from. */
function specsOfTrial(setting: Setting, name: string, trial: number, total: number): TrajectorySpec[] {
  if (!isOneRun(setting.preset, methodNamed(name))) return specsOf(setting, name, trial, trial);
  if (trial !== total) return [];
  return specsOf(setting, name, 1, total).map((spec) => ({ ...spec, copies: total - 1 }));
}

/** The trajectories of a method's trial, one for each λ and each start: every λ and asked epoch count of its start's method. */
function specsOf(setting: Setting, name: string, trial: number, startTrial: number): TrajectorySpec[] {
  const method = methodNamed(name);
  const { draw, hidden, learningRate, preset, seed } = setting;
  const starts =
    method.start === null ? [null] : specsOf(setting, method.start, startTrial, startTrial).flatMap(startsAt);
  return setting.lambda[name].flatMap((lambda) =>
    starts.map((start) => ({
      draw,
      hidden,
      learningRate,
      preset,
      method: name,
      lambda,
      seed,
      trial,
      start,
      asked: setting.epochs[name],
      copies: 0,
    })),
  );
}

/** The one trajectory of a method's trial where λ and epochs have one value each. */
export function specOf(setting: Setting, name: string, trial: number, startTrial: number): TrajectorySpec {
  return specsOf(setting, name, trial, startTrial)[0];
}

/** A trajectory as what others start from: cut at each of its asked epochs. */
function startsAt(spec: TrajectorySpec): TrajectorySpec[] {
  return spec.asked.map((epochs) => ({ ...spec, asked: [epochs] }));
}

/** The specs in groups that share a fresh start; the longest group first. */
export function groupByStart(specs: readonly TrajectorySpec[]): TrajectorySpec[][] {
  const groups = new Map<string, TrajectorySpec[]>();
  for (const spec of specs) {
    const key = trajectoryKey(freshRoot(spec));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [spec]);
    else group.push(spec);
  }
  return [...groups.values()].sort((a, b) => epochsToTrain(b) - epochsToTrain(a));
}

function freshRoot(spec: TrajectorySpec): TrajectorySpec {
  return spec.start === null ? spec : freshRoot(spec.start);
}

/** The epochs a thread trains for a group, starts that nobody asked for included. */
export function epochsToTrain(group: readonly TrajectorySpec[]): number {
  const lengths = new Map<string, number>();
  const add = (spec: TrajectorySpec): void => {
    const key = trainingKey(spec);
    if (lengths.has(key)) return;
    lengths.set(key, lastEpoch(spec));
    if (spec.start !== null) add(spec.start);
  };
  group.forEach(add);
  return [...lengths.values()].reduce((sum, length) => sum + length, 0);
}

/** How many trial rows specs stand for. */
export function countRows(specs: readonly TrajectorySpec[]): number {
  return specs.reduce((sum, spec) => sum + spec.asked.length * (1 + spec.copies), 0);
}
