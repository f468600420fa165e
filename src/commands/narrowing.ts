/** Options that tell the trajectories of one trial apart, where a file has several of them. */
import { bad } from "../errors.js";
import { CELL, type CellKey } from "../plan/cell.js";
import { type Flags, text } from "../plan/flags.js";
import { METHODS, type MethodRecord } from "../plan/methods.js";
import { meant, parseMethod } from "../plan/naming.js";
import type { StoredTrajectory, Sweep } from "../store/contract.js";
import { type Options, value } from "./command.js";

type NarrowingColumn = Extract<(typeof CELL)[number], { option: object }>;

/** The columns of a cell that an option narrows; those that a table of cells always shows are asked for first. */
const NARROWING: readonly NarrowingColumn[] = CELL.filter(
  (column): column is NarrowingColumn => column.option !== null,
).sort((a, b) => Number(b.always) - Number(a.always));

const VALUES_SHOWN = 8;

export const NARROWING_OPTIONS: Options = Object.fromEntries(
  NARROWING.map(({ option }) => [option.name, value(option.describe)]),
);

/** What a column has to be, and the option that says so. */
export interface Wanted {
  readonly option: string;
  readonly column: keyof CellKey;
  /** Any of these. */
  readonly values: readonly (string | number)[];
}

/** What the options ask for; a folder of data names its draw, or a draw for each label that its forget rows may have. */
export function wantedFrom(flags: Flags, imported: readonly string[]): Wanted[] {
  const wanted = NARROWING.flatMap(({ name, option, read }): Wanted[] => {
    const given = text(flags, option.name);
    return given === null ? [] : [{ option: option.name, column: name, values: [read(`--${option.name}`, given)] }];
  });
  if (imported.length === 0 || wanted.some(({ column }) => column === "draw")) return wanted;
  return [...wanted, { option: "data", column: "draw", values: imported }];
}

/** The methods of these sweeps that a name means, by their whole names: a built-in one, a user's by its name or one of its records. */
export function methodsMeant(option: string, name: string, sweeps: readonly Sweep[]): string[] {
  const stored = sweeps.flatMap(({ plan }) => plan.methods);
  const known = new Map<string, MethodRecord>([...METHODS, ...stored].map((record) => [record.name, record]));
  const records = [...known.values()];
  return meant(parseMethod(option, name, records), records).map((record) => record.name);
}

/** The trajectories that are wanted; `there` says whose they are. */
export function narrowed(
  trajectories: readonly StoredTrajectory[],
  wanted: readonly Wanted[],
  there: string,
): StoredTrajectory[] {
  let left = [...trajectories];
  for (const { option, column, values } of wanted) {
    const found = left.filter((trajectory) => values.includes(trajectory[column]));
    if (found.length === 0)
      throw bad(`--${option} must be what ${there}, one of ${valuesOf(left, column)}, got ${values.join(" or ")}`);
    left = found;
  }
  return left;
}

/** The one trajectory; `method` is how the command line called its method, and by which argument. */
export function onlyOne(
  trajectories: readonly StoredTrajectory[],
  path: string,
  method: { readonly argument: string; readonly given: string },
): StoredTrajectory {
  if (trajectories.length === 1) return trajectories[0];
  const differ = (column: keyof CellKey): boolean => new Set(trajectories.map((one) => one[column])).size > 1;
  const [argument, column, given] = differ("method")
    ? [method.argument, "method" as const, method.given]
    : asked(NARROWING.find(({ name }) => differ(name)));
  throw bad(
    `${argument} must say which trial of ${path} is meant, one of ${valuesOf(trajectories, column)}, got ${given}`,
  );

  function asked(several: NarrowingColumn | undefined): readonly [string, keyof CellKey, string] {
    if (several === undefined) throw new Error(`${path} has one trajectory twice`);
    return [`--${several.option.name}`, several.name, "none"];
  }
}

function valuesOf(trajectories: readonly StoredTrajectory[], column: keyof CellKey): string {
  const values = [...new Set(trajectories.map((one) => one[column]))];
  return values.length > VALUES_SHOWN ? `${values.slice(0, VALUES_SHOWN).join(", ")}, …` : values.join(", ");
}
