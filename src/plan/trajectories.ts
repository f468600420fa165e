/** Pure: from a plan to the trajectories it asks for, in groups that share a start, in the order in which they should run. */
import {
  type CellSpec,
  lastEpoch,
  type Objective,
  startKey,
  type TrajectorySpec,
  trainingKey,
  trajectoryKey,
} from "../trial.js";
import type { MethodRecord } from "./methods.js";
import { objectiveOf } from "./objective.js";
import { type PlanPart, type Setting, type SweepPlan, settingsOf } from "./plan.js";

/** A part of a plan's work: of each kind of group every `count`-th, from `index` (0-based) on. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export const WHOLE: Shard = { index: 0, count: 1 };

/** The trajectories of a plan, group by group; those of a group share a fresh start, so that whoever trains a group trains each start once. */
export function* trajectoriesOf(plan: SweepPlan, shard: Shard = WHOLE): Generator<TrajectorySpec[]> {
  const deal = dealer(shard.count);
  for (const setting of settingsOf(plan)) {
    const stages = stagesOf(setting, plan.trials);
    const all = stages[stages.length - 1].trained;
    for (const trial of trialsInOrder(all, plan.trials)) {
      const { trained } = stages.find(({ last }) => trial <= last) ?? NOTHING;
      const starts = new Map<TrajectorySpec, TrajectorySpec>();
      const specs = trained.flatMap((template) => specsOf(template, trial, plan.trials, starts));
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
    const [{ cell }] = group;
    const kind = [epochsToTrain(group), cell.draw.samples, cell.draw.features, ...cell.widths].join(" ");
    // Kinds begin at shards of their own, so that rare ones do not all fall to the first.
    const place = next.get(kind) ?? groups;
    next.set(kind, place + 1);
    groups += 1;
    return place % count;
  };
}

/** What a setting trains up to a trial: parts with fewer trials than the plan's have no more after theirs. */
interface Stage {
  readonly last: number;
  readonly trained: readonly TrajectorySpec[];
}

const NOTHING = { trained: [] };

/** The stages of a setting, the one of the most trials last. */
function stagesOf(setting: Setting, trials: number): Stage[] {
  return limitsOf(setting, trials).map((last) => {
    const parts = setting.parts.filter((part) => (part.trials ?? trials) >= last);
    return { last, trained: templates({ ...setting, parts }, trials) };
  });
}

/** The counts of trials that its parts have, ascending. */
function limitsOf({ parts }: Setting, trials: number): number[] {
  return [...new Set(parts.map((part) => part.trials ?? trials))].sort((a, b) => a - b);
}

/** Some cells of a plan, and how many trials each has; null: the plan's. */
export interface PlannedCells {
  readonly template: TrajectorySpec;
  readonly trials: number | null;
}

/** Each cell of a plan once, with the most trials that any part asks of it. */
export function* plannedCells(plan: SweepPlan): Generator<PlannedCells> {
  for (const setting of settingsOf(plan)) {
    const seen = new Map<string, Set<number>>();
    for (const { last, trained } of stagesOf(setting, plan.trials).reverse()) {
      for (const template of trained) {
        const key = trajectoryKey(template);
        const known = seen.get(key) ?? new Set();
        const asked = template.asked.filter((epochs) => !known.has(epochs));
        seen.set(key, new Set([...known, ...asked]));
        if (asked.length > 0) yield { template: { ...template, asked }, trials: last === plan.trials ? null : last };
      }
    }
  }
}

/** One trajectory of each that a plan has but for its trial, whose cells are the plan's cells. */
export function* cellTemplates(plan: SweepPlan): Generator<TrajectorySpec> {
  for (const setting of settingsOf(plan)) yield* templates(setting, plan.trials);
}

/**
 * A trajectory of each method, λ and start that a setting has, of the plan's last trial: what several parts ask of it is
 * asked together. Copies and their start are those of the last trial anyway; `specsOf` gives the others their numbers.
 */
function templates(setting: Setting, trials: number): TrajectorySpec[] {
  const all = new Map<string, TrajectorySpec>();
  for (const part of setting.parts) {
    const record = new Map(setting.methods.map((method) => [method.name, method]));
    for (const name of part.methods) {
      for (const spec of ofMethod(setting, part, record, name, trials)) {
        const key = trajectoryKey(spec);
        const known = all.get(key);
        all.set(key, known === undefined ? spec : { ...known, asked: union(known.asked, spec.asked) });
      }
    }
  }
  // In the plan's order of methods, whichever part named them first.
  const order = new Map(setting.methods.map(({ name }, i) => [name, i]));
  const place = ({ cell }: TrajectorySpec): number => order.get(cell.method) ?? 0;
  return setting.parts.length === 1 ? [...all.values()] : [...all.values()].sort((a, b) => place(a) - place(b));
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((p, q) => p - q);
}

/** The trajectories of a method at trial `trial`, one for each λ and each start: every λ and asked epoch count of its start's method. */
function ofMethod(
  setting: Setting,
  part: PlanPart,
  records: ReadonlyMap<string, MethodRecord>,
  name: string,
  trial: number,
): TrajectorySpec[] {
  const method = records.get(name);
  if (method === undefined) throw new Error(`the plan has no method ${name}`);
  const starts =
    method.start === null ? [null] : ofMethod(setting, part, records, method.start, trial).flatMap(startsAt);
  const { samples: n, forgetRows: k } = setting.draw;
  const objective = objectiveOf(setting.preset, method, { n, k });
  return part.lambda[name].flatMap((lambda) =>
    starts.map((start) => ({
      cell: cellOf(setting, method, objective, lambda, start),
      trial,
      start,
      asked: part.epochs[name],
      copies: 0,
    })),
  );
}

/** A trajectory as what others start from: cut at each of its asked epochs. */
function startsAt(spec: TrajectorySpec): TrajectorySpec[] {
  return spec.asked.map((epochs) => ({ ...spec, asked: [epochs] }));
}

function cellOf(
  { draw, widths, learningRate, preset, seed }: Setting,
  method: MethodRecord,
  objective: Objective,
  lambda: number,
  start: TrajectorySpec | null,
): CellSpec {
  return {
    draw,
    widths,
    learningRate,
    preset: preset.name,
    method: method.name,
    objective,
    lambda,
    lambdaEffective: start === null ? lambda + preset.freshLambda : lambda,
    seed,
    // A twin that shared them would be the same run again.
    initialWeights: preset.initialWeights === "shared" && method.twinOf === undefined ? "shared" : method.name,
    start: start === null ? "" : startKey(start),
    oneRun: start !== null && preset.startTrial === "last",
  };
}

/** The trajectory of a plan that has one but for its trial, as trial `trial`, whose start is of that trial too. */
export function onlyTrajectory(plan: SweepPlan, trial: number): TrajectorySpec {
  const [template, ...others] = cellTemplates(plan);
  if (template === undefined || others.length > 0) throw new Error(`the plan has ${others.length + 1} trajectories`);
  return atTrial(template, trial);
}

/** Every trial; first the one that copies go on from, since that group takes longest. */
function trialsInOrder(trained: readonly TrajectorySpec[], trials: number): number[] {
  const all = Array.from({ length: trials }, (_, i) => i + 1);
  return trained.every(({ cell }) => !cell.oneRun) ? all : [trials, ...all.slice(0, -1)];
}

/** What `trial` adds to a plan: what is one run stands in the plan once, as trial 1, with the last trial it starts from. */
function specsOf(template: TrajectorySpec, trial: number, trials: number, starts: StartsOfTrial): TrajectorySpec[] {
  if (!template.cell.oneRun) return [atTrial(template, trial, starts)];
  return trial === trials ? [{ ...template, trial: 1, copies: trials - 1 }] : [];
}

/** The starts of one trial by those of the template: many λ go on from one start, and share it in memory too. */
type StartsOfTrial = Map<TrajectorySpec, TrajectorySpec>;

/** A template, and what it starts from, as another trial. */
export function atTrial(template: TrajectorySpec, trial: number, starts: StartsOfTrial = new Map()): TrajectorySpec {
  if (template.start === null) return { ...template, trial };
  const start = starts.get(template.start) ?? atTrial(template.start, trial, starts);
  starts.set(template.start, start);
  return { ...template, trial, start };
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
  const sized = [...groups.values()].map((group) => ({ group, epochs: epochsToTrain(group) }));
  return sized.sort((a, b) => b.epochs - a.epochs).map(({ group }) => group);
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
