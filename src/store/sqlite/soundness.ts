/** Whether a file can be read as one that we wrote: what its tables promise of their values, whoever wrote them. */
import type Database from "better-sqlite3";
import { MEASURES } from "../../measures.js";
import { LIMITS } from "../../plan/values.js";
import { clipped, escaped } from "../../printable.js";
import { badPlace, type PlaceFault } from "../faults.js";
import { BLOCK, PLACES } from "./layout.js";

/** A number that must be in a range. Of large tables the ends are looked up, of small ones all rows. */
interface Bound {
  readonly what: string;
  readonly sql: string;
  readonly least: number;
  readonly most: number;
}

const MOST_ID = Number.MAX_SAFE_INTEGER - BLOCK; // the rows of a trajectory have ids of the block behind its own

const BOUNDS: readonly Bound[] = [
  ...(["sweeps", "commands", "draws", "cell_keys"] as const).map((table) => idOf(table, 1)),
  idOf("trajectories", BLOCK),
  idOf("trial_rows", BLOCK),
  within("sweeps", "trials", LIMITS.trials),
  within("draws", "features", LIMITS.features),
  // Imported data may have any number of rows.
  within("draws", "samples", Number.MAX_SAFE_INTEGER),
  within("draws", "forget_rows", Number.MAX_SAFE_INTEGER),
];

function idOf(table: string, least: number): Bound {
  const sql = `select (select min(id) from ${table}), (select max(id) from ${table})`;
  return { what: `ids of ${table}`, sql, least, most: MOST_ID };
}

function within(table: string, column: string, most: number): Bound {
  return { what: `${column} of ${table}`, sql: `select min(${column}), max(${column}) from ${table}`, least: 1, most };
}

/** Throws usage where a number is out of the range that all of ours are in: nothing is counted, allocated or trained by it. */
export function refuseOutOfRange(db: Database.Database): void {
  for (const { what, sql, least, most } of BOUNDS) {
    const ends = db.prepare(sql).raw().safeIntegers().get() as unknown[];
    for (const value of ends)
      if (value !== null && !(typeof value === "bigint" && value >= least && value <= most))
        throw unsound(`${what} must be from ${least} to ${most}, got ${clipped(escaped(String(value)))}`);
  }
}

const NOT_FINITE = MEASURES.filter(({ name }) => name !== "test_accuracy").map(
  ({ name }) => `coalesce(abs(${name}), 9e999) = 9e999`,
);
const NO_SHARE = ["train_accuracy", "test_accuracy", "forget_probability"].map((name) => `${name} not between 0 and 1`);
const WRONG = `select id from trial_rows where state = 'done' and (${[...NOT_FINITE, ...NO_SHARE].join(" or ")}) limit 1`;

/** The first value that is not of the kind that its table promises, or page that is damaged; null: there is none. Reads all of a file. */
export function faultOfTables(db: Database.Database): string | null {
  const found = db.pragma("quick_check(1)", { simple: true }) as string;
  return found === "ok" ? null : clipped(escaped(found));
}

/** The first thing in which a file is not sound; null: it is. Reads all of it. */
export function unsoundness(db: Database.Database): string | null {
  const found = faultOfTables(db);
  if (found !== null) return found;
  const wrong = db.prepare(WRONG).pluck().get();
  if (wrong !== undefined) return `trial row ${wrong} is done, but its measures are none of a training that is`;
  const misplaced = db
    .prepare(`select id from trajectories where id & ${BLOCK - 1} <> trial & ${PLACES - 1} limit 1`)
    .pluck()
    .get();
  return misplaced === undefined ? null : `trajectory ${misplaced} does not lie where its trial belongs`;
}

/** That a file is not sound. */
export function unsound(found: string, cause?: unknown): PlaceFault {
  return badPlace(
    (file) =>
      `${file} must hold what gmm-sweep wrote, but another program changed it or it is damaged (${found}): take another copy of it, or name another file with --db`,
    { cause },
  );
}
