/** Finds and makes the rows of cell_keys: what a trajectory is trained under, whatever its trial. */
import type Database from "better-sqlite3";
import { CELL } from "../../plan/cell.js";
import { cellKey, type TrajectorySpec } from "../../trial.js";
import {
  CELL_KEY_NAMES,
  columnOf,
  DERIVED_NAMES,
  DRAW_NAMES,
  equal,
  HELD_NAMES,
  marks,
  type Value,
} from "./columns.js";
import { badFile } from "./faults.js";

/** A row of cell_keys. */
export interface StoredCellKey {
  readonly id: number;
  /** Its columns and its draw's, as hashes have them. */
  readonly held: string;
  /** Of them what follows from the others, in the order of DERIVED_NAMES. */
  readonly derived: readonly Value[];
}

const KEY_NAMES = [...DRAW_NAMES, ...CELL_KEY_NAMES];

/** Each looked up once. */
export class CellKeys {
  readonly #known = new Map<string, StoredCellKey>();
  readonly #held = new Map<number, string>();
  readonly #sql: ReturnType<typeof statements>;

  constructor(db: Database.Database) {
    this.#sql = statements(db);
  }

  /** The one that `spec` is trained under; null where there is none yet. Throws usage where it is not as `spec` has it. */
  find(profile: string, spec: TrajectorySpec): StoredCellKey | null {
    const found = this.#lookUp(profile, spec);
    if (found !== null) this.#refuseOther(found, derivedOf(spec, null), spec.cell);
    return found;
  }

  /** The same; null too where what is there is not as `spec` has it. */
  findEqual(engine: string, profile: string, spec: TrajectorySpec): StoredCellKey | null {
    const found = this.#lookUp(profile, spec);
    return found === null || otherIn(found, derivedOf(spec, engine)) !== -1 ? null : found;
  }

  /** The same, made where there is none. */
  make(engine: string, profile: string, spec: TrajectorySpec): StoredCellKey {
    const derived = derivedOf(spec, engine);
    const found = this.#lookUp(profile, spec) ?? this.#insert(keyOf(spec, profile), derived);
    this.#refuseOther(found, derived, spec.cell);
    return found;
  }

  /** All of a file by their ids, with their columns in the order of HELD_NAMES. */
  all(): Map<number, Value[]> {
    return new Map((this.#sql.all.all() as [number, ...Value[]][]).map(([id, ...held]) => [id, held]));
  }

  /** The one of these columns, made where there is none. Throws usage where the one of their key has others. */
  put(held: readonly Value[]): StoredCellKey {
    const [key, derived] = [held.slice(0, KEY_NAMES.length), held.slice(KEY_NAMES.length)];
    const found = this.#read(key) ?? this.#insert(key, derived);
    const [method, lambda] = (["method", "lambda_reg"] as const).map((name) => key[KEY_NAMES.indexOf(name)]);
    this.#refuseOther(found, derived, { method, lambda });
    return found;
  }

  /** What hashes hold of a row of cell_keys. */
  heldOf(id: number): string {
    const known = this.#held.get(id);
    if (known !== undefined) return known;
    const held = JSON.stringify(this.#sql.held.get(id));
    this.#held.set(id, held);
    return held;
  }

  /** What was looked up or made in a transaction that came to nothing may not be there. */
  forget(): void {
    this.#known.clear();
    this.#held.clear();
  }

  #lookUp(profile: string, spec: TrajectorySpec): StoredCellKey | null {
    const text = `${cellKey(spec.cell)} ${profile}`;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const found = this.#read(keyOf(spec, profile));
    if (found !== null) this.#known.set(text, found);
    return found;
  }

  #read(key: readonly Value[]): StoredCellKey | null {
    const row = this.#sql.find.get(...key) as [number, ...Value[]] | undefined;
    if (row === undefined) return null;
    const [id, ...derived] = row;
    return { id, held: this.heldOf(id), derived };
  }

  #insert(key: readonly Value[], derived: readonly Value[]): StoredCellKey {
    const [draw, rest] = [key.slice(0, DRAW_NAMES.length), key.slice(DRAW_NAMES.length)];
    const [dataSeed, ...others] = derived;
    this.#sql.insertDraw.run(...draw, dataSeed);
    this.#sql.insert.run(...rest, ...others, ...draw);
    return this.#read(key) as StoredCellKey;
  }

  #refuseOther(found: StoredCellKey, derived: readonly Value[], of: { method: Value; lambda: Value }): void {
    const other = otherIn(found, derived);
    if (other === -1) return;
    throw badFile(
      (file) =>
        `${file} holds the ${DERIVED_NAMES[other]} ${found.derived[other]} of ${of.method} of λ ${of.lambda}, which has ${derived[other]}, so it was changed by another program: take another copy of it, or name another file with --db`,
    );
  }
}

/** Where what is there differs; -1: nowhere. */
function otherIn({ derived }: StoredCellKey, expected: readonly Value[]): number {
  return expected.findIndex((value, i) => value !== derived[i]);
}

/** In the order of DERIVED_NAMES, the last of which is the engine; null: whichever it is. */
function derivedOf({ cell }: TrajectorySpec, engine: string | null): Value[] {
  const { draw, lambdaEffective, oneRun } = cell;
  const derived = [draw.kind === "seeded" ? draw.dataSeed : null, lambdaEffective, oneRun ? 1 : 0];
  return engine === null ? derived : [...derived, engine];
}

function statements(db: Database.Database) {
  const from = "from cell_keys k join draws d on d.id = k.draw_id";
  const columns = (names: readonly (typeof HELD_NAMES)[number][]): string => names.map(columnOf).join(", ");
  const derived = DERIVED_NAMES.filter((name) => name !== "data_seed");
  return {
    find: db
      .prepare(
        `select k.id, ${columns(DERIVED_NAMES)} ${from} where ${KEY_NAMES.map((name) => `${columnOf(name)} = ?`).join(" and ")}`,
      )
      .raw(),
    all: db.prepare(`select k.id, ${columns(HELD_NAMES)} ${from} order by k.id`).raw(),
    held: db.prepare(`select ${columns(HELD_NAMES)} ${from} where k.id = ?`).raw(),
    insertDraw: db.prepare(
      `insert or ignore into draws (${DRAW_NAMES.join(", ")}, data_seed) values (${marks(DRAW_NAMES.length + 1)})`,
    ),
    insert: db.prepare(
      `insert into cell_keys (draw_id, ${[...CELL_KEY_NAMES, ...derived].join(", ")})
       select id, ${marks(CELL_KEY_NAMES.length + derived.length)} from draws where ${equal(DRAW_NAMES)}`,
    ),
  };
}

const VALUES = new Map(CELL.map(({ name, value }) => [name, value]));

/** In the order of KEY_NAMES. */
function keyOf(spec: TrajectorySpec, profile: string): Value[] {
  return KEY_NAMES.map((name) => VALUES.get(name)?.({ spec, epochs: 0, profile }) ?? null);
}
