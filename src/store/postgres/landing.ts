/** Lands outcomes in a database: what is new is inserted, what is there is compared to the bit, nothing finished is rewritten. */
import { type Outcome, startTrial, type TrainedOutcome, type TrajectorySpec } from "../../trial.js";
import type { Landed, Sweep } from "../contract.js";
import type { RowValues } from "../hash.js";
import { failedRow, type Given, givenOf, NOTHING, rowOf, trainingDiffers } from "../trajectories.js";
import { type CellKeys, textOf } from "./cell-keys.js";
import type { Session } from "./connection.js";
import { Batch } from "./trajectories.js";

/** Inside a transaction of the caller's. */
export async function land(
  session: Session,
  keys: CellKeys,
  { plan, profile }: Sweep,
  outcomes: readonly Outcome[],
): Promise<Landed> {
  const at = new Date().toISOString();
  const landed = { trained: 0, diverged: 0, failed: 0 };
  if (outcomes.length === 0) return landed;
  const isKept = (outcome: Outcome): boolean => outcome.state === "failed" || outcome.wanted;
  const kept = outcomes.filter(isKept).map(({ spec }) => spec);
  await keys.make(session, plan.engine.name, profile, kept);
  // A start that was trained again may be of a cell that nobody stores.
  const known = await keys.find(
    session,
    profile,
    outcomes.map(({ spec }) => spec),
  );
  const placeOf = (spec: TrajectorySpec, trial: number) => {
    const key = known.get(textOf(profile, spec));
    return key === undefined ? null : { cellKey: key.id, trial, startTrial: startTrial(spec) };
  };
  const places = new Map(
    outcomes.flatMap(({ spec }) =>
      Array.from({ length: 1 + spec.copies }, (_, i) => placeOf(spec, spec.trial + i)).flatMap((place) =>
        place === null ? [] : [[JSON.stringify(place), place] as const],
      ),
    ),
  );
  const batch = await Batch.of(session, keys, [...places.values()]);

  const put = (spec: TrajectorySpec, trial: number, source: number | null, given: Given): number => {
    const place = placeOf(spec, trial);
    if (place === null) throw new Error(`the cell key of ${spec.cell.method} was not made`);
    const whole = { ...place, replicateOf: source === null ? null : spec.trial, source };
    const { id, rows } = batch.put(whole, given, trainingDiffers({ ...spec, trial }));
    for (const { state } of rows) landed[state === "done" ? "trained" : "diverged"] += 1;
    return id;
  };
  const putAll = (spec: TrajectorySpec, given: Given, copy: Given, failed: readonly RowValues[]): void => {
    const source = put(spec, spec.trial, null, given);
    landed.failed += batch.fail(source, failed);
    for (let i = 1; i <= spec.copies; i++) landed.failed += batch.fail(put(spec, spec.trial + i, source, copy), failed);
  };
  const compareStored = (outcome: TrainedOutcome): void => {
    const { spec } = outcome;
    const place = placeOf(spec, spec.trial);
    const rows = outcome.rows.map((row) => rowOf(row, null, at));
    if (place !== null) batch.compare(place, givenOf("final", outcome, rows), trainingDiffers(spec));
  };

  for (const outcome of outcomes) {
    const { spec } = outcome;
    if (outcome.state === "failed") {
      putAll(
        spec,
        NOTHING,
        NOTHING,
        spec.asked.map((epochs) => failedRow(epochs, outcome.reason, at)),
      );
    } else if (outcome.wanted) {
      const rows = outcome.rows.map((row) => rowOf(row, outcome.elapsedMs, at));
      const copy = { ...NOTHING, rows: rows.map((row) => ({ ...row, elapsedMs: null })) };
      putAll(spec, givenOf(plan.record, outcome, rows), copy, []);
    } else compareStored(outcome);
  }
  await batch.write();
  return landed;
}
