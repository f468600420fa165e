/** Finds and makes the rows of cell_keys in a database, many at a time. */
import { cellKey, type TrajectorySpec } from "../../trial.js";
import { derivedOf, KEY_NAMES, keyOf, refuseOther, type StoredCellKey, splitHeld } from "../cell-keys.js";
import { CELL_KEY_NAMES, columnOf, DERIVED_NAMES, DRAW_NAMES, HELD_NAMES, type Value } from "../sql/columns.js";
import { type Column, given } from "./arrays.js";
import type { Session } from "./connection.js";

const TYPES: Readonly<Record<string, string>> = {
  ...{ draw: "text", samples: "bigint", features: "integer", forget_rows: "bigint" },
  ...{ hidden: "text", learning_rate: "float8", preset: "text", method: "text", lambda_reg: "float8", seed: "bigint" },
  ...{
    start: "text",
    profile: "text",
    data_seed: "bigint",
    lambda_effective: "float8",
    one_run: "integer",
    engine: "text",
  },
};
const columns = (names: readonly string[]): Column[] => names.map((name) => [name, TYPES[name]]);
const KEY_COLUMNS = columns(KEY_NAMES);
const HELD_COLUMNS = columns(HELD_NAMES);
const DERIVED = DERIVED_NAMES.filter((name) => name !== "data_seed");
const HELD = HELD_NAMES.map(columnOf).join(", ");
const FROM = "from cell_keys k join draws d on d.id = k.draw_id";

/** Each looked up once. */
export class CellKeys {
  readonly #known = new Map<string, StoredCellKey>();
  readonly #held = new Map<number, string>();

  /** Those that specs are trained under, by `textOf`; those that are not there are missing. Throws usage where one is not as its spec has it. */
  async find(
    session: Session,
    profile: string,
    specs: readonly TrajectorySpec[],
  ): Promise<ReadonlyMap<string, StoredCellKey>> {
    const wanted = byText(profile, specs);
    const unknown = [...wanted].filter(([text]) => !this.#known.has(text));
    if (unknown.length > 0) {
      const found = await this.#read(
        session,
        unknown.map(([, spec]) => keyOf(spec, profile)),
      );
      for (const [text, spec] of unknown) {
        const key = found.get(JSON.stringify(keyOf(spec, profile)));
        if (key !== undefined) this.#known.set(text, key);
      }
    }
    const keys = new Map<string, StoredCellKey>();
    for (const [text, spec] of wanted) {
      const key = this.#known.get(text);
      if (key === undefined) continue;
      refuseOther(key, [...derivedOf(spec, null), ...key.derived.slice(-1)], spec.cell);
      keys.set(text, key);
    }
    return keys;
  }

  /** The same, made where there are none. */
  async make(
    session: Session,
    engine: string,
    profile: string,
    specs: readonly TrajectorySpec[],
  ): Promise<ReadonlyMap<string, StoredCellKey>> {
    const wanted = byText(profile, specs);
    const there = await this.find(session, profile, specs);
    const lacking = [...wanted].filter(([text]) => !there.has(text)).map(([, spec]) => spec);
    if (lacking.length > 0)
      await this.#insert(
        session,
        lacking.map((spec) => [...keyOf(spec, profile), ...derivedOf(spec, engine)]),
      );
    const keys = lacking.length === 0 ? there : await this.find(session, profile, specs);
    for (const [text, spec] of wanted) refuseOther(keys.get(text) as StoredCellKey, derivedOf(spec, engine), spec.cell);
    return keys;
  }

  /** The ids of those of these columns, in the order of HELD_NAMES; made where there are none. */
  async put(session: Session, held: readonly (readonly Value[])[]): Promise<number[]> {
    const keys = held.map((values) => splitHeld(values));
    const there = await this.#read(
      session,
      keys.map(({ key }) => key),
    );
    const lacking = held.filter((_, i) => !there.has(JSON.stringify(keys[i].key)));
    if (lacking.length > 0) await this.#insert(session, lacking);
    const all =
      lacking.length === 0
        ? there
        : await this.#read(
            session,
            keys.map(({ key }) => key),
          );
    return keys.map(({ key, derived, of }) => {
      const found = all.get(JSON.stringify(key)) as StoredCellKey;
      refuseOther(found, derived, of);
      return found.id;
    });
  }

  /** All by their ids, with their columns in the order of HELD_NAMES. */
  async all(session: Session): Promise<Map<number, Value[]>> {
    const rows = (await session.lists(`select k.id, ${HELD} ${FROM} order by k.id`)) as [number, ...Value[]][];
    return new Map(rows.map(([id, ...held]) => [id, held]));
  }

  /** What hashes hold of rows of cell_keys. */
  async heldOf(session: Session, ids: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const unknown = [...new Set(ids)].filter((id) => !this.#held.has(id));
    if (unknown.length > 0) {
      const { sql, parameters } = given(
        "g",
        [["id", "bigint"]],
        unknown.map((id) => [id]),
      );
      const rows = await session.lists(`select k.id, ${HELD} ${FROM} join ${sql} on g.id = k.id`, parameters);
      for (const [id, ...held] of rows as [number, ...Value[]][]) this.#held.set(id, JSON.stringify(held));
    }
    return this.#held;
  }

  /** What was looked up or made in a transaction that came to nothing may not be there. */
  forget(): void {
    this.#known.clear();
    this.#held.clear();
  }

  /** Those of keys in the order of KEY_NAMES, by their JSON. */
  async #read(session: Session, keys: readonly (readonly Value[])[]): Promise<Map<string, StoredCellKey>> {
    const { sql, parameters } = given("g", KEY_COLUMNS, keys);
    const on = KEY_NAMES.map((name) => `${columnOf(name)} = g.${name}`).join(" and ");
    const rows = await session.lists(`select k.id, ${HELD} ${FROM} join ${sql} on ${on}`, parameters);
    return new Map(
      (rows as [number, ...Value[]][]).map(([id, ...held]) => {
        const text = JSON.stringify(held);
        this.#held.set(id, text);
        const { key, derived } = splitHeld(held);
        return [JSON.stringify(key), { id, held: text, derived }];
      }),
    );
  }

  /** In one order, so that two who insert the same wait for each other and not both. */
  async #insert(session: Session, rows: readonly (readonly Value[])[]): Promise<void> {
    const sorted = [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    const { sql, parameters } = given("g", HELD_COLUMNS, sorted);
    await session.run(
      `insert into draws (${DRAW_NAMES.join(", ")}, data_seed) select distinct on (${DRAW_NAMES.map((name) => `g.${name}`).join(", ")})
       ${[...DRAW_NAMES, "data_seed"].map((name) => `g.${name}`).join(", ")} from ${sql} on conflict do nothing`,
      parameters,
    );
    const names = [...CELL_KEY_NAMES, ...DERIVED];
    await session.run(
      `insert into cell_keys (draw_id, ${names.join(", ")}) select d.id, ${names.map((name) => `g.${name}`).join(", ")}
       from ${sql} join draws d on ${DRAW_NAMES.map((name) => `d.${name} = g.${name}`).join(" and ")} on conflict do nothing`,
      parameters,
    );
  }
}

/** What a spec's cell key is known by. */
export function textOf(profile: string, spec: TrajectorySpec): string {
  return `${cellKey(spec.cell)} ${profile}`;
}

function byText(profile: string, specs: readonly TrajectorySpec[]): Map<string, TrajectorySpec> {
  return new Map(specs.map((spec) => [textOf(profile, spec), spec]));
}
