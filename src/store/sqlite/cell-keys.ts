/** Finds and makes the rows of cell_keys: what a trajectory is trained under, whatever its trial. */
import type Database from "better-sqlite3";
import { bad } from "../../errors.js";
import { CELL } from "../../plan/cell.js";
import { cellKey, type TrajectorySpec } from "../../trial.js";
import { CELL_KEY_NAMES, columnOf, DRAW_NAMES, equal, HELD_NAMES, marks, type Value } from "./columns.js";

/** A row of cell_keys. */
export interface StoredCellKey {
  readonly id: number;
  /** Its columns and its draw's, as hashes have them. */
  readonly held: string;
}

/** Each looked up once. */
export class CellKeys {
  readonly #path: string;
  readonly #known = new Map<string, StoredCellKey>();
  readonly #held = new Map<number, string>();
  readonly #sql: ReturnType<typeof statements>;

  constructor(path: string, db: Database.Database) {
    this.#path = path;
    this.#sql = statements(db);
  }

  /** The one that `spec` is trained under; null where there is none yet. */
  find(profile: string, spec: TrajectorySpec): StoredCellKey | null {
    const text = `${cellKey(spec.cell)} ${profile}`;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const id = this.#sql.find.get(...valuesOf(spec, profile, [...DRAW_NAMES, ...CELL_KEY_NAMES])) as number | undefined;
    if (id === undefined) return null;
    const found = { id, held: this.heldOf(id) };
    this.#known.set(text, found);
    return found;
  }

  /** The same, made where there is none. */
  make(engine: string, profile: string, spec: TrajectorySpec): StoredCellKey {
    const known = this.find(profile, spec);
    if (known !== null) return known;
    const { draw, lambdaEffective, oneRun } = spec.cell;
    const place = valuesOf(spec, profile, DRAW_NAMES);
    this.#sql.insertDraw.run(...place, draw.kind === "seeded" ? draw.dataSeed : null);
    const key = valuesOf(spec, profile, CELL_KEY_NAMES);
    this.#sql.insert.run(...key, lambdaEffective, oneRun ? 1 : 0, engine, ...place);
    const made = this.find(profile, spec) as StoredCellKey;
    this.#refuseOther(made.id, spec);
    return made;
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

  /** A draw that was there may have been given another seed. */
  #refuseOther(id: number, { cell }: TrajectorySpec): void {
    const dataSeed = cell.draw.kind === "seeded" ? cell.draw.dataSeed : null;
    if (this.#sql.dataSeed.get(id) === dataSeed) return;
    throw bad(
      `${this.#path} holds another seed of the draw that ${cell.method} of λ ${cell.lambda} is trained on, so it was changed by another program: take another copy of it, or name another file with --db`,
    );
  }
}

function statements(db: Database.Database) {
  const key = [...DRAW_NAMES, ...CELL_KEY_NAMES];
  return {
    find: db
      .prepare(
        `select k.id from cell_keys k join draws d on d.id = k.draw_id where ${key.map((name) => `${columnOf(name)} = ?`).join(" and ")}`,
      )
      .pluck(),
    held: db
      .prepare(
        `select ${HELD_NAMES.map(columnOf).join(", ")} from cell_keys k join draws d on d.id = k.draw_id where k.id = ?`,
      )
      .raw(),
    dataSeed: db.prepare("select d.data_seed from cell_keys k join draws d on d.id = k.draw_id where k.id = ?").pluck(),
    insertDraw: db.prepare(
      `insert or ignore into draws (${DRAW_NAMES.join(", ")}, data_seed) values (${marks(DRAW_NAMES.length + 1)})`,
    ),
    insert: db.prepare(
      `insert into cell_keys (draw_id, ${CELL_KEY_NAMES.join(", ")}, lambda_effective, one_run, engine)
       select id, ${marks(CELL_KEY_NAMES.length + 3)} from draws where ${equal(DRAW_NAMES)}`,
    ),
  };
}

const VALUES = new Map(CELL.map(({ name, value }) => [name, value]));

function valuesOf(spec: TrajectorySpec, profile: string, names: readonly (typeof CELL)[number]["name"][]): Value[] {
  return names.map((name) => VALUES.get(name)?.({ spec, epochs: 0, profile }) ?? null);
}
