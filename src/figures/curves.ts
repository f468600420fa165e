/** Learning curves: what each method's nets are after each epoch. */
import { CURVE } from "../measures.js";
import type { CellKey } from "../plan/cell.js";
import { mean, variance } from "../stats/moments.js";
import { tTailQuantile } from "../stats/student-t.js";
import { type CellCurve, cellCurves } from "../store/curves.js";
import type { Sight } from "../verdict/sights.js";
import { groundOf } from "./ground.js";
import type { FigureNumbers } from "./numbers.js";
import { CONFIDENCE } from "./units.js";

const MOST_EPOCHS = 200; // of a line; of longer ones every so many
const MEASURES = ["forget_probability", ...CURVE.map(({ name }) => name).filter((n) => n !== "forget_probability")];

/**
 * The mean over draws of the draws' mean curves with its 90 % interval, by Student's t over draws; of one draw over its
 * trials; of probabilities and accuracies it ends at 0 and 1. A method that goes on from another begins at the epoch where that one ended.
 */
export async function curveNumbers(sight: Sight): Promise<FigureNumbers | string> {
  const ground = groundOf(sight);
  if (typeof ground === "string") return ground;
  const { basis, lines } = ground;
  const keys = [
    { name: "retraining", what: "retraining", key: basis.table.retrained[0].key },
    ...lines.map(({ name, what, recipe }) => ({ name, what, key: recipe.key })),
  ];
  const { results, sweep, setting } = sight;
  const draws = new Set(setting.samples.map(({ key }) => key.draw));
  const cells = keys.map(({ key }) => key);
  const stored = (await cellCurves(results, sweep, setting.key, cells)).filter(({ draw }) => draws.has(String(draw)));
  const points = keys.flatMap(({ name, what, key }) => {
    const byEpoch = groupedByEpoch(stored.filter((row) => isOf(row, key) && row.epoch <= key.epochs));
    const epochs = [...byEpoch.keys()].sort((a, b) => a - b);
    const every = Math.ceil(epochs.length / MOST_EPOCHS);
    const kept = epochs.filter((_, i) => i % every === 0 || i === epochs.length - 1);
    const before = epochsBefore(key.start);
    return MEASURES.flatMap((measure) =>
      kept.map((epoch) => ({
        ...{ line: name, what, measure, epoch: before + epoch },
        ...banded(byEpoch.get(epoch) ?? [], measure),
      })),
    );
  });
  if (points.length === 0)
    return "no curve was kept: a sweep that is trained with --record all keeps the epochs of every one";
  return {
    series: { points },
    shown: [
      { what: "lines", shown: new Set(points.map(({ line }) => line)).size, of: keys.length },
      { what: "draws", shown: new Set(stored.map(({ draw }) => draw)).size, of: basis.whole.draws.length },
    ],
    choices: { measure: MEASURES },
    facts: { unit: basis.unit },
  };
}

function groupedByEpoch(rows: readonly CellCurve[]): Map<number, CellCurve[]> {
  const byEpoch = new Map<number, CellCurve[]>();
  for (const row of rows) {
    const there = byEpoch.get(row.epoch);
    if (there === undefined) byEpoch.set(row.epoch, [row]);
    else there.push(row);
  }
  return byEpoch;
}

function isOf(row: CellCurve, key: CellKey): boolean {
  return row.method === key.method && row.lambda_reg === key.lambda_reg && row.start === key.start;
}

/** How many epochs a start has behind it: those of every cell in its chain, as unlearn@4.2x5<original@0x100. */
function epochsBefore(start: string): number {
  return start === "" ? 0 : start.split("<").reduce((sum, cell) => sum + Number(/x(\d+)$/.exec(cell)?.[1] ?? 0), 0);
}

interface Banded {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly draws: number;
  readonly runs: number;
}

function banded(rows: readonly CellCurve[], measure: string): Banded {
  const means = rows.map((row) => Number(row[`${measure}_mean`]));
  const runs = rows.reduce((sum, { n }) => sum + n, 0);
  const value = mean(means);
  const [count, spread] =
    rows.length === 1 ? [runs, Number(rows[0][`${measure}_sd`] ?? 0) ** 2] : [rows.length, variance(means)];
  const half = count < 2 ? 0 : tTailQuantile((1 - CONFIDENCE) / 2, count - 1) * Math.sqrt(spread / count);
  const [least, most] = isShare(measure) ? [0, 1] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return { value, low: Math.max(least, value - half), high: Math.min(most, value + half), draws: rows.length, runs };
}

/** Whether no mean of a measure lies outside of 0 to 1, where an interval that holds it ends with as good a reason. */
function isShare(measure: string): boolean {
  return /_(probability|accuracy)$/.test(measure);
}
