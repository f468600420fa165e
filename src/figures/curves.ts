/** Learning curves: what each method's nets are after each epoch. */
import { CURVE, type CurveName } from "../measures.js";
import { ascending, mean, variance } from "../stats/moments.js";
import { tTailQuantile } from "../stats/student-t.js";
import type { CurveMean, CurveSpread } from "../store/contract.js";
import type { Unit } from "../verdict/basis.js";
import type { Sight } from "../verdict/sights.js";
import { groundOf } from "./ground.js";
import type { FigureNumbers, FigureRow } from "./numbers.js";
import { CONFIDENCE } from "./units.js";

const MOST_EPOCHS = 200; // of a line; of longer ones every so many
const MEASURES: readonly CurveName[] = [
  "forget_probability",
  ...CURVE.map(({ name }) => name).filter((name) => name !== "forget_probability"),
];

/**
 * The mean over draws of the draws' mean curves with its 90 % interval, by Student's t over draws; of one draw over its
 * trials; it ends where the measure does. A method that goes on from another begins at the epoch where that one ended.
 */
export async function curveNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const { results, sweep, setting } = sight;
  const ground = groundOf(sight);
  if (typeof ground === "string") return ground;
  const { basis, lines } = ground;
  const keys = [
    { name: "retraining", what: "retraining", key: basis.table.retrained[0].key },
    ...lines.map(({ name, what, recipe }) => ({ name, what, key: recipe.key })),
  ];
  const compared = new Set(setting.samples.map(({ key }) => key.draw));
  const draws = new Set<string>();
  const points: FigureRow[] = [];
  for (const { name, what, key } of keys) {
    const all = await (basis.unit === "draw" ? results.meanCurves(sweep, key) : results.curveSpreads(sweep, key));
    const curves = byEpoch(all.filter(({ draw }) => compared.has(draw)));
    for (const { draw } of [...curves.values()].flat()) draws.add(draw);
    const before = epochsBefore(key.start);
    for (const measure of MEASURES)
      for (const epoch of thinned(ascending([...curves.keys()])))
        points.push({
          ...{ line: name, what, measure, epoch: before + epoch },
          ...banded(curves.get(epoch) ?? [], measure, basis.unit),
        });
  }
  if (points.length === 0)
    return "no curve was kept: a sweep that is trained with --record all keeps the epochs of every one";
  return {
    series: { points },
    shown: [
      { what: "lines", shown: new Set(points.map(({ line }) => line)).size, of: keys.length },
      { what: "draws", shown: draws.size, of: basis.whole.draws.length },
    ],
    choices: { measure: MEASURES },
    facts: { unit: basis.unit },
  };
}

/** Curves of one epoch of each draw, with their deviations where there is one draw. */
type Curves = readonly (CurveMean & Partial<CurveSpread>)[];

function byEpoch(curves: Curves): Map<number, Curves[number][]> {
  const groups = new Map<number, Curves[number][]>();
  for (const curve of curves) {
    const group = groups.get(curve.epoch);
    if (group === undefined) groups.set(curve.epoch, [curve]);
    else group.push(curve);
  }
  return groups;
}

/** Of many epochs every so many, and the last. */
function thinned(epochs: readonly number[]): number[] {
  const every = Math.ceil(epochs.length / MOST_EPOCHS);
  return epochs.filter((_, i) => i % every === 0 || i === epochs.length - 1);
}

/** How many epochs a start has behind it: those of every cell in its chain, as unlearn@4.2x5<original@0x100. */
function epochsBefore(start: string): number {
  return start === "" ? 0 : start.split("<").reduce((sum, cell) => sum + Number(/x(\d+)$/.exec(cell)?.[1] ?? 0), 0);
}

interface Banded {
  readonly value: number;
  /** Null where nothing says how far chance goes: of one draw among several, and of one run. */
  readonly low: number | null;
  readonly high: number | null;
  readonly draws: number;
  readonly runs: number;
}

function banded(rows: Curves, measure: CurveName, unit: Unit): Banded {
  const means = rows.map((row) => row[`${measure}_mean`]);
  const runs = rows.reduce((sum, { n }) => sum + n, 0);
  const [value, counts] = [mean(means), { draws: rows.length, runs }];
  const [count, spread] =
    unit === "draw" ? [rows.length, variance(means)] : [runs, (rows[0][`${measure}_sd`] ?? 0) ** 2];
  if (count < 2) return { value, low: null, high: null, ...counts };
  const half = tTailQuantile((1 - CONFIDENCE) / 2, count - 1) * Math.sqrt(spread / count);
  const [least, most] = RANGES[measure];
  return { value, low: Math.max(least, value - half), high: Math.min(most, value + half), ...counts };
}

const SHARE = [0, 1] as const;
const LOSS = [0, Number.POSITIVE_INFINITY] as const;

/** Where each measure lies: a mean is there, too, so that an interval which ends there holds it as often. */
const RANGES: Readonly<Record<CurveName, readonly [least: number, most: number]>> = {
  penalty: LOSS,
  cross_entropy: LOSS,
  train_accuracy: SHARE,
  forget_probability: SHARE,
  forget_margin: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
};
