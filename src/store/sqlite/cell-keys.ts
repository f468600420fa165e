/** Finds and makes the rows of cell_keys in a file. */
import type Database from "better-sqlite3";
import { cellKey, type TrajectorySpec } from "../../trial.js";
import { derivedOf, KEY_NAMES, keyOf, otherIn, refuseOther, type StoredCellKey, splitHeld } from "../cell-keys.js";
import {
  CELL_KEY_NAMES,
  columnOf,
  DERIVED_NAMES,
  DRAW_NAMES,
  equal,
  HELD_NAMES,
  marks,
  type Value,
} from "../sql/columns.js";

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
    if (found !== null) refuseOther(found, derivedOf(spec, null), spec.cell);
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
    refuseOther(found, derived, spec.cell);
    return found;
  }

  /** All of a file by their ids, with their columns in the order of HELD_NAMES. */
  all(): Map<number, Value[]> {
    return new Map((this.#sql.all.all() as [number, ...Value[]][]).map(([id, ...held]) => [id, held]));
  }

  /** The one of these columns, made where there is none. Throws usage where the one of their key has others. */
  put(held: readonly Value[]): StoredCellKey {
    const { key, derived, of } = splitHeld(held);
    const found = this.#read(key) ?? this.#insert(key, derived);
    refuseOther(found, derived, of);
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
