/** What of a database is not as it landed: without training anything. */
import { MEASURES } from "../../measures.js";
import type { Damage } from "../contract.js";
import { otherCells } from "../sweeps.js";
import { damaged, FAULTS } from "../trajectories.js";
import type { CellKeys } from "./cell-keys.js";
import type { Session } from "./connection.js";
import { allSweeps, decisionsIn, hasOthersCells, hasOthersNoted } from "./sweeps.js";
import { trajectoriesIn } from "./trajectories.js";

const NOT_FINITE = MEASURES.filter(({ name }) => name !== "test_accuracy").map(
  ({ name }) => `coalesce(abs(${name}), 'Infinity') >= 'Infinity'`,
);
const NO_SHARE = ["train_accuracy", "test_accuracy", "forget_probability"].map((name) => `${name} not between 0 and 1`);

/** The rows that no other check meets: done without the measures of a training that is, and of no trajectory. */
const STRAYS: readonly (readonly [what: string, fault: string, sql: string])[] = [
  [
    "trial_rows",
    "a row is done, but its measures are none of a training that is",
    `select 1 from trial_rows where state = 'done' and (${[...NOT_FINITE, ...NO_SHARE].join(" or ")}) limit 1`,
  ],
  ...(
    [
      ["trial_rows", "trajectories t on t.id = x.trajectory_id", "t"],
      ["epochs", "trajectories t on t.id = x.trajectory_id", "t"],
      ["forget_margins", "trial_rows t on t.id = x.trial_row_id", "t"],
    ] as const
  ).map(
    ([table, owner]) =>
      [
        table,
        "it has rows of something that is not there",
        `select 1 from ${table} x left join ${owner} where t.id is null limit 1`,
      ] as const,
  ),
];

/** Answers `Results.damages`, of one state. */
export async function* damagesIn(session: Session, keys: CellKeys): AsyncGenerator<Damage> {
  for (const sweep of await allSweeps(session)) {
    await decisionsIn(session, sweep.id); // throws where one cannot be read, as of a plan
    const what = `sweep ${sweep.id}`;
    if (await hasOthersNoted(session, sweep))
      yield { what, sentence: `${what}: its name, trials, engine or record level is not that of its plan` };
    if (await hasOthersCells(session, sweep)) yield { what, sentence: `${what}: its cells are not those of its plan` };
  }
  for await (const { what, isSound, isOfItsRun } of trajectoriesIn(session, keys)) {
    const fault = !isSound ? FAULTS.hash : isOfItsRun ? null : FAULTS.copy;
    if (fault !== null) yield { what, sentence: `${what}: ${fault}` };
  }
  for (const [what, fault, sql] of STRAYS)
    if ((await session.lists(sql)).length > 0) yield { what, sentence: `${what}: ${fault}` };
}

/** Throws usage where anything is not as it landed: nothing is built on what was changed. */
export async function refuseDamages(session: Session, keys: CellKeys): Promise<void> {
  for (const sweep of await allSweeps(session)) if (await hasOthersCells(session, sweep)) throw otherCells(sweep.id);
  for await (const { what } of damagesIn(session, keys)) throw damaged(what);
}
