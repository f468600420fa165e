/** Which stored trajectory a command line means by a method and a trial. */
import type { Results, StoredTrajectory, Sweep } from "../store/contract.js";
import { methodsMeant, narrowed, onlyOne, type Wanted } from "./narrowing.js";
import { sweepsFrom } from "./sweeps.js";

/** A method and a trial as they were typed. */
export interface Named {
  readonly method: string;
  /** The argument or option that named the method. */
  readonly argument: string;
  readonly trial: number;
  readonly path: string;
  readonly wanted: readonly Wanted[];
}

/** The sweeps that --sweep leaves; null: all of the file's, whose trajectories are stored once whichever of them ask for it. */
export interface Among {
  readonly sweeps: readonly Sweep[];
  readonly only: Sweep | null;
}

/** Those of the number `asked`, or all. */
export async function among(results: Results, asked: number | null, path: string): Promise<Among> {
  const sweeps = await sweepsFrom(results, asked, path);
  return { sweeps, only: asked === null ? null : sweeps[0] };
}

/** The one trajectory that is meant, of those that `counts` leaves; asks which where there are several. `none` says that there is none. */
export async function storedTrial(
  results: Results,
  { sweeps, only }: Among,
  named: Named,
  {
    counts,
    none,
  }: { counts: (one: StoredTrajectory) => boolean; none: (methods: readonly string[]) => Promise<Error> },
): Promise<StoredTrajectory> {
  const { method, argument, trial, path, wanted } = named;
  const methods = methodsMeant(argument, method, sweeps);
  const found: StoredTrajectory[] = [];
  for (const name of methods)
    for (const one of await results.trajectories(only, name, trial)) if (counts(one)) found.push(one);
  if (found.length === 0) throw await none(methods);
  const place = only === null ? path : `sweep ${only.id} of ${path}`;
  const left = narrowed(found, wanted, `${place} has of ${method} trial ${trial}`);
  return onlyOne(left, path, { argument, given: method });
}

/** The key of a trajectory by the names of its columns. */
export function keyObject({ source: _source, has_curve: _curve, ...key }: StoredTrajectory): object {
  return key;
}
