/** Cell keys as every store has them: what a trajectory is trained under, whatever its trial. */
import { CELL } from "../plan/cell.js";
import type { TrajectorySpec } from "../trial.js";
import { badPlace } from "./faults.js";
import { CELL_KEY_NAMES, DERIVED_NAMES, DRAW_NAMES, type Value } from "./sql/columns.js";

/** A row of cell_keys. */
export interface StoredCellKey {
  readonly id: number;
  /** Its columns and its draw's, as hashes have them. */
  readonly held: string;
  /** Of them what follows from the others, in the order of DERIVED_NAMES. */
  readonly derived: readonly Value[];
}

/** Its columns and its draw's but for those that follow from the others. */
export const KEY_NAMES = [...DRAW_NAMES, ...CELL_KEY_NAMES];

const VALUES = new Map(CELL.map(({ name, value }) => [name, value]));

/** In the order of KEY_NAMES. */
export function keyOf(spec: TrajectorySpec, profile: string): Value[] {
  return KEY_NAMES.map((name) => VALUES.get(name)?.({ spec, epochs: 0, profile }) ?? null);
}

/** In the order of DERIVED_NAMES, the last of which is the engine; null: whichever it is. */
export function derivedOf({ cell }: TrajectorySpec, engine: string | null): Value[] {
  const { draw, lambdaEffective, oneRun } = cell;
  const derived = [draw.kind === "seeded" ? draw.dataSeed : null, lambdaEffective, oneRun ? 1 : 0];
  return engine === null ? derived : [...derived, engine];
}

/** The key and what follows from it of columns in the order of HELD_NAMES. */
export function splitHeld(held: readonly Value[]): { key: Value[]; derived: Value[]; of: KeyedOf } {
  const [key, derived] = [held.slice(0, KEY_NAMES.length), held.slice(KEY_NAMES.length)];
  const [method, lambda] = (["method", "lambda_reg"] as const).map((name) => key[KEY_NAMES.indexOf(name)]);
  return { key, derived, of: { method, lambda } };
}

/** What a sentence calls a cell key by. */
export interface KeyedOf {
  readonly method: Value;
  readonly lambda: Value;
}

/** Where what is there differs; -1: nowhere. */
export function otherIn({ derived }: StoredCellKey, expected: readonly Value[]): number {
  return expected.findIndex((value, i) => value !== derived[i]);
}

/** Throws usage where what follows from a key is not what is expected of it. */
export function refuseOther(found: StoredCellKey, derived: readonly Value[], of: KeyedOf): void {
  const other = otherIn(found, derived);
  if (other === -1) return;
  throw badPlace(
    (place, { what, option }) =>
      `${place} holds the ${DERIVED_NAMES[other]} ${found.derived[other]} of ${of.method} of λ ${of.lambda}, which has ${derived[other]}, so it was changed by another program: take another copy of it, or name another ${what} with ${option}`,
  );
}
