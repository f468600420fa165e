/** What a database lacks of some trajectories, all of them in one question. */
import { startTrial, type TrajectorySpec } from "../../trial.js";
import type { Missing, RowState } from "../contract.js";
import { missingOf } from "../missing.js";
import { given } from "./arrays.js";
import { type CellKeys, textOf } from "./cell-keys.js";
import type { Session } from "./connection.js";
import { rowsOf } from "./dialect.js";

export async function missingRows(
  session: Session,
  keys: CellKeys,
  profile: string,
  specs: readonly TrajectorySpec[],
  retryFailed: boolean,
): Promise<Missing> {
  const known = await keys.find(session, profile, specs);
  // The copies land with the run they repeat, so the last of them speaks for all.
  const wanted = specs.flatMap((spec, i) => {
    const key = known.get(textOf(profile, spec));
    return key === undefined ? [] : [[i, key.id, spec.trial + spec.copies, startTrial(spec)]];
  });
  const { sql, parameters } = given(
    "g",
    [
      ["place", "integer"],
      ["cell_key_id", "bigint"],
      ["trial", "integer"],
      ["start_trial", "integer"],
    ],
    wanted,
  );
  const rows = (await session.lists(
    `select g.place, r.epochs, r.state from ${sql} join trajectories t using (cell_key_id, trial, start_trial)
     ${rowsOf("t.id", "trial_rows", "id", "r")}`,
    parameters,
  )) as [number, number, RowState][];
  const states = specs.map(() => new Map<number, RowState>());
  for (const [place, epochs, state] of rows) states[place].set(epochs, state);
  return missingOf(specs, retryFailed, (_spec, i) => states[i]);
}
