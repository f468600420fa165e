/** Trajectories of a database with all that is stored of them: read many at a time, and written many at a time. */
import { type Contents, type EpochValues, hashOf, type MarginValue, type RowValues } from "../hash.js";
import { CURVE_NAMES, MEASURE_NAMES, type Value } from "../sql/columns.js";
import {
  compareContents,
  contentsOf,
  type Differ,
  damaged,
  type Given,
  lackingOf,
  nameOf,
  type Place,
  type Stored,
} from "../trajectories.js";
import { type Column, given, insertRows, withoutNul } from "./arrays.js";
import type { CellKeys } from "./cell-keys.js";
import type { Session } from "./connection.js";
import { rowId, rowsOf } from "./dialect.js";
import { Overtaken } from "./faults.js";

const ROW_COLUMNS: readonly Column[] = [
  ["state", "text"],
  ...MEASURE_NAMES.map((name): Column => [name, "float8"]),
  ...([
    ["error", "text"],
    ["attempts", "integer"],
    ["elapsed_ms", "float8"],
    ["finished_at", "text"],
  ] as const),
];
const CURVE_COLUMNS: readonly Column[] = [
  ["trajectory_id", "bigint"],
  ["epoch", "integer"],
  ...CURVE_NAMES.map((name): Column => [name, "float8"]),
];
const TRAJECTORY = "t.id, t.cell_key_id, t.trial, t.start_trial, t.replicate_of, t.source_id, t.hash";
const ID: readonly Column[] = [["id", "bigint"]];

type TrajectoryRow = [
  id: number,
  cellKey: number,
  trial: number,
  startTrial: number,
  replicateOf: number | null,
  source: number | null,
  hash: Buffer,
];

function keyed([id, cellKey, trial, startTrial, replicateOf, source, hash]: TrajectoryRow) {
  return { id, cellKey, trial, startTrial, replicateOf, source, hash };
}

/** What is stored of trajectories, by their ids. */
async function contentsIn(session: Session, ids: readonly number[]): Promise<ReadonlyMap<number, Contents>> {
  const found = new Map<number, { rows: RowValues[]; curve: EpochValues[]; margins: MarginValue[] }>(
    ids.map((id) => [id, { rows: [], curve: [], margins: [] }]),
  );
  if (ids.length === 0) return found;
  const { sql, parameters } = given(
    "g",
    ID,
    ids.map((id) => [id]),
  );
  const rows = await session.lists(
    `select r.trajectory_id, r.epochs, ${ROW_COLUMNS.map(([name]) => `r.${name}`).join(", ")}
     from ${sql} ${rowsOf("g.id", "trial_rows", "id", "r")} order by r.id`,
    parameters,
  );
  for (const [id, epochs, state, ...rest] of rows as [number, number, ...Value[]][]) {
    const values = rest.slice(0, MEASURE_NAMES.length);
    const [error, attempts, elapsedMs, finishedAt] = rest.slice(MEASURE_NAMES.length);
    found.get(id)?.rows.push({ epochs, state, values, error, attempts, elapsedMs, finishedAt } as RowValues);
  }
  const curves = await session.lists(
    `select ${CURVE_COLUMNS.map(([name]) => `e.${name}`).join(", ")} from ${sql} join epochs e on e.trajectory_id = g.id
     order by e.trajectory_id, e.epoch`,
    parameters,
  );
  for (const [id, epoch, ...values] of curves as [number, number, ...(number | null)[]][])
    found.get(id)?.curve.push({ epoch, values });
  const margins = await session.lists(
    `select g.id, m.trial_row_id - ${rowId("g.id", "0")}, m.forget_row, m.forget_margin
     from ${sql} ${rowsOf("g.id", "forget_margins", "trial_row_id", "m")} order by m.trial_row_id, m.forget_row`,
    parameters,
  );
  for (const [id, epochs, forgetRow, margin] of margins as [number, number, number, number | null][])
    found.get(id)?.margins.push({ epochs, forgetRow, margin });
  return found;
}

/** What hashes and sentences say of cell keys: the texts that hashes hold, and method, λ and draw. */
async function namesIn(session: Session, keys: readonly number[]): Promise<ReadonlyMap<number, Value[]>> {
  const { sql, parameters } = given(
    "g",
    ID,
    [...new Set(keys)].map((id) => [id]),
  );
  const rows = await session.lists(
    `select k.id, k.method, k.lambda_reg, d.draw from ${sql} join cell_keys k on k.id = g.id join draws d on d.id = k.draw_id`,
    parameters,
  );
  return new Map((rows as [number, ...Value[]][]).map(([id, ...of]) => [id, of]));
}

/** A trajectory that is stored, what it is called, and whether it is as it landed. */
export interface Looked {
  readonly stored: Stored;
  readonly what: string;
  readonly isSound: boolean;
  /** Whether a copy names the run that it repeats, and what is none names no other. */
  readonly isOfItsRun: boolean;
}

const AT_ONCE = 200; // trajectories, whose curves may be long

/** Which trajectories are meant. */
interface Meant {
  /** Null: copies and others. */
  readonly areCopies: boolean | null;
  readonly isMeant: (cellKey: number) => boolean;
}

const ALL: Meant = { areCopies: null, isMeant: () => true };

/** Trajectories in the order of their ids; of those that are not meant nothing is read but their keys. */
export async function* trajectoriesIn(
  session: Session,
  keys: CellKeys,
  { areCopies, isMeant }: Meant = ALL,
): AsyncGenerator<Looked> {
  for (let from = 0; ; ) {
    const all = (await session.lists(
      `select ${TRAJECTORY}, case when t.source_id is null then t.replicate_of is null
         else coalesce(s.source_id is null and s.cell_key_id = t.cell_key_id and s.start_trial = t.start_trial and s.trial = t.replicate_of, false) end
       from trajectories t left join trajectories s on s.id = t.source_id
       where t.id > @from and (cast(@areCopies as boolean) is null or (t.source_id is not null) = @areCopies)
       order by t.id limit ${AT_ONCE}`,
      { from, areCopies },
    )) as [...TrajectoryRow, boolean][];
    if (all.length === 0) return;
    [from] = all[all.length - 1];
    const rows = all.filter(([, cellKey]) => isMeant(cellKey));
    if (rows.length === 0) continue;
    const trajectories = rows.map((row) => keyed(row.slice(0, -1) as TrajectoryRow));
    const cellKeys = trajectories.map(({ cellKey }) => cellKey);
    const [held, names] = [await keys.heldOf(session, cellKeys), await namesIn(session, cellKeys)];
    const contents = await contentsIn(
      session,
      trajectories.map(({ id }) => id),
    );
    for (const [i, trajectory] of trajectories.entries()) {
      const stored = { ...trajectory, contents: contents.get(trajectory.id) as Contents };
      yield {
        stored,
        what: nameOf(names.get(stored.cellKey), stored),
        isSound: matches(stored, held),
        isOfItsRun: rows[i].at(-1) as boolean,
      };
    }
  }
}

function matches({ hash, cellKey, contents, ...key }: Stored, held: ReadonlyMap<number, string>): boolean {
  return hash.equals(hashOf(held.get(cellKey) ?? "", key, contents));
}

/** What is known of a trajectory while a batch lands: what is there, and what comes to it. */
interface Held {
  readonly id: number;
  readonly place: Place;
  /** Whether it is made by this batch. */
  isNew: boolean;
  /** In the order of their keys. */
  rows: Map<number, RowValues>;
  curve: Map<number, EpochValues>;
  margins: Map<string, MarginValue>;
  /** Epochs of rows that are new or took the place of others, of the curve, and margins that are new. */
  readonly added: { rows: Set<number>; curve: EpochValues[]; margins: MarginValue[] };
}

function contentsNow({ rows, curve, margins }: Held): Contents {
  const byEpochs = (a: { epochs: number }, b: { epochs: number }): number => a.epochs - b.epochs;
  return {
    rows: [...rows.values()].sort(byEpochs),
    curve: [...curve.values()].sort((a, b) => a.epoch - b.epoch),
    margins: [...margins.values()].sort((a, b) => byEpochs(a, b) || a.forgetRow - b.forgetRow),
  };
}

function placeText({ cellKey, trial, startTrial }: Pick<Place, "cellKey" | "trial" | "startTrial">): string {
  return `${cellKey} ${trial} ${startTrial}`;
}

/**
 * Trajectories that a batch lands on: read and locked at once, changed in memory, and written at once. Runs inside a
 * transaction of its caller's, which begins anew where another writer made one of them meanwhile.
 */
export class Batch {
  readonly #session: Session;
  readonly #keys: CellKeys;
  readonly #held = new Map<string, Held>();
  readonly #byId = new Map<number, Held>();
  #heldTexts: ReadonlyMap<number, string> = new Map();
  #ids: number[] = [];

  private constructor(session: Session, keys: CellKeys) {
    this.#session = session;
    this.#keys = keys;
  }

  /** Of all trajectories that will be asked for, those that are there. */
  static async of(
    session: Session,
    keys: CellKeys,
    places: readonly Pick<Place, "cellKey" | "trial" | "startTrial">[],
  ): Promise<Batch> {
    const batch = new Batch(session, keys);
    await batch.#read(places);
    return batch;
  }

  async #read(places: readonly Pick<Place, "cellKey" | "trial" | "startTrial">[]): Promise<void> {
    const columns: Column[] = [
      ["cell_key_id", "bigint"],
      ["trial", "integer"],
      ["start_trial", "integer"],
    ];
    const { sql, parameters } = given(
      "g",
      columns,
      places.map(({ cellKey, trial, startTrial }) => [cellKey, trial, startTrial]),
    );
    const rows = (await this.#session.lists(
      `select ${TRAJECTORY} from trajectories t
       where t.id in (select t.id from ${sql} join trajectories t using (cell_key_id, trial, start_trial)) order by t.id for update`,
      parameters,
    )) as TrajectoryRow[];
    const there = await this.#stored(rows.map(keyed));
    const sources = there.flatMap(({ source }) => (source === null || this.#byId.has(source) ? [] : [source]));
    // What a copy is held against.
    if (sources.length > 0) await this.#stored(await this.#rowsOf([...new Set(sources)]));
    const lacking = places.length - rows.length;
    this.#heldTexts = await this.#keys.heldOf(
      this.#session,
      places.map(({ cellKey }) => cellKey),
    );
    if (lacking <= 0) return;
    const ids = await this.#session.lists(
      "select nextval(pg_get_serial_sequence('trajectories', 'id')) from generate_series(1, @lacking::integer)",
      { lacking },
    );
    this.#ids = (ids as [number][]).map(([id]) => id).reverse();
  }

  async #rowsOf(ids: readonly number[]) {
    const { sql, parameters } = given(
      "g",
      ID,
      ids.map((id) => [id]),
    );
    const rows = await this.#session.lists(
      `select ${TRAJECTORY} from ${sql} join trajectories t on t.id = g.id`,
      parameters,
    );
    return (rows as TrajectoryRow[]).map(keyed);
  }

  /** Takes in trajectories, which must match their hashes. */
  async #stored(trajectories: readonly ReturnType<typeof keyed>[]): Promise<readonly ReturnType<typeof keyed>[]> {
    if (trajectories.length === 0) return trajectories;
    const contents = await contentsIn(
      this.#session,
      trajectories.map(({ id }) => id),
    );
    const texts = await this.#keys.heldOf(
      this.#session,
      trajectories.map(({ cellKey }) => cellKey),
    );
    for (const trajectory of trajectories) {
      const stored = { ...trajectory, contents: contents.get(trajectory.id) as Contents };
      if (!matches(stored, texts)) {
        const names = await namesIn(this.#session, [stored.cellKey]);
        throw damaged(nameOf(names.get(stored.cellKey), stored));
      }
      const { rows, curve, margins } = stored.contents;
      const held: Held = {
        id: trajectory.id,
        place: trajectory,
        isNew: false,
        rows: new Map(rows.map((row) => [row.epochs, row])),
        curve: new Map(curve.map((epoch) => [epoch.epoch, epoch])),
        margins: new Map(margins.map((margin) => [`${margin.epochs} ${margin.forgetRow}`, margin])),
        added: { rows: new Set(), curve: [], margins: [] },
      };
      this.#held.set(placeText(trajectory), held);
      this.#byId.set(trajectory.id, held);
    }
    return trajectories;
  }

  /** Compares what is there of a trajectory with what is given; nothing where it is not there. */
  compare(place: Pick<Place, "cellKey" | "trial" | "startTrial">, given: Given, differ: Differ): void {
    const held = this.#held.get(placeText(place));
    if (held !== undefined) this.#compare(held, given, differ);
  }

  #compare(held: Held, given: Given, differ: Differ): void {
    const own = contentsNow(held);
    const { source } = held.place;
    const beside = source === null || given.curveAt === null ? own : contentsNow(this.#byId.get(source) as Held);
    compareContents({ ...beside, rows: own.rows }, given, differ);
  }

  /** Puts what of a trajectory is not there; what is there is compared to the bit. Returns what became of it. */
  put(place: Place, given: Given, differ: Differ): { id: number; rows: readonly RowValues[]; epochs: number } {
    let held = this.#held.get(placeText(place));
    if (held === undefined) {
      held = this.#make(place);
      this.#add(held, contentsOf(given));
      return { id: held.id, rows: given.rows, epochs: given.keep.length };
    }
    this.#compare(held, given, differ);
    const lacking = lackingOf({ contents: contentsNow(held), source: held.place.source }, given);
    this.#add(held, lacking);
    return { id: held.id, rows: lacking.rows, epochs: lacking.curve.length };
  }

  /** Notes failed rows; a finished one stays. Returns how many. */
  fail(id: number, rows: readonly RowValues[]): number {
    const held = this.#byId.get(id) as Held;
    let noted = 0;
    for (const row of rows) {
      const there = held.rows.get(row.epochs);
      if (there !== undefined && there.state !== "failed") continue;
      const { error, finishedAt, attempts } = row;
      const now = there === undefined ? row : { ...there, error, finishedAt, attempts: there.attempts + attempts };
      held.rows.set(row.epochs, now);
      held.added.rows.add(row.epochs);
      noted += 1;
    }
    return noted;
  }

  /** The same, where there is no row at all. */
  failWhereNone(id: number, rows: readonly RowValues[]): number {
    const { rows: there } = this.#byId.get(id) as Held;
    return this.fail(
      id,
      rows.filter(({ epochs }) => !there.has(epochs)),
    );
  }

  #make(place: Place): Held {
    const id = this.#ids.pop();
    if (id === undefined) throw new Error("a batch meets more trajectories than it was told of");
    const [rows, curve, margins] = [new Map(), new Map(), new Map()];
    const held: Held = {
      id,
      place,
      isNew: true,
      rows,
      curve,
      margins,
      added: { rows: new Set(), curve: [], margins: [] },
    };
    this.#held.set(placeText(place), held);
    this.#byId.set(id, held);
    return held;
  }

  #add({ rows, curve, margins, added }: Held, more: Contents): void {
    for (const row of more.rows) {
      const attempts = row.attempts + (rows.get(row.epochs)?.attempts ?? 0);
      rows.set(row.epochs, { ...row, attempts });
      added.rows.add(row.epochs);
    }
    for (const epoch of more.curve) {
      curve.set(epoch.epoch, epoch);
      added.curve.push(epoch);
    }
    for (const margin of more.margins) {
      margins.set(`${margin.epochs} ${margin.forgetRow}`, margin);
      added.margins.push(margin);
    }
  }

  /** Writes all that has come. Throws where another writer made a trajectory that was not there when this batch was read. */
  async write(): Promise<void> {
    const all = [...this.#byId.values()];
    const changed = all.filter(
      ({ added, isNew }) => isNew || added.rows.size + added.curve.length + added.margins.length > 0,
    );
    const hashes = new Map(
      changed.map((held) => [
        held.id,
        hashOf(this.#heldTexts.get(held.place.cellKey) as string, held.place, contentsNow(held)),
      ]),
    );
    // In one order, so that two who write the same wait for each other and not both.
    const fresh = changed
      .filter(({ isNew }) => isNew)
      .sort(
        (a, b) =>
          a.place.cellKey - b.place.cellKey || a.place.trial - b.place.trial || a.place.startTrial - b.place.startTrial,
      );
    const made = await insertRows(
      this.#session,
      "trajectories",
      [
        ...([
          ["id", "bigint"],
          ["cell_key_id", "bigint"],
          ["trial", "integer"],
          ["start_trial", "integer"],
        ] as const),
        ...([
          ["replicate_of", "integer"],
          ["source_id", "bigint"],
          ["hash", "bytea"],
        ] as const),
      ],
      fresh.map(({ id, place: { cellKey, trial, startTrial, replicateOf, source } }) => {
        return [id, cellKey, trial, startTrial, replicateOf, source, hashes.get(id)];
      }),
      "on conflict (cell_key_id, trial, start_trial) do nothing",
    );
    if (made !== fresh.length) throw new Overtaken("another writer made a trajectory meanwhile");
    const names = ROW_COLUMNS.map(([name]) => name);
    await insertRows(
      this.#session,
      "trial_rows",
      [["id", "bigint"], ...ROW_COLUMNS],
      changed.flatMap(({ id, rows, added }) =>
        [...added.rows].map((epochs) => {
          const { state, values, error, attempts, elapsedMs, finishedAt } = rows.get(epochs) as RowValues;
          const reason = error === null ? null : withoutNul(error);
          return [id * 2 ** 20 + epochs, state, ...values, reason, attempts, elapsedMs, finishedAt];
        }),
      ),
      `on conflict (id) do update set ${names.map((name) => `${name} = excluded.${name}`).join(", ")} where trial_rows.state = 'failed'`,
    );
    await insertRows(
      this.#session,
      "epochs",
      CURVE_COLUMNS,
      changed.flatMap(({ id, added }) => added.curve.map(({ epoch, values }) => [id, epoch, ...values])),
    );
    await insertRows(
      this.#session,
      "forget_margins",
      [
        ["trial_row_id", "bigint"],
        ["forget_row", "integer"],
        ["forget_margin", "float8"],
      ],
      changed.flatMap(({ id, added }) =>
        added.margins.map(({ epochs, forgetRow, margin }) => [id * 2 ** 20 + epochs, forgetRow, margin]),
      ),
    );
    const old = changed.filter(({ isNew }) => !isNew);
    if (old.length === 0) return;
    const { sql, parameters } = given(
      "g",
      [
        ["id", "bigint"],
        ["hash", "bytea"],
      ],
      old.map(({ id }) => [id, hashes.get(id)]),
    );
    await this.#session.run(`update trajectories t set hash = g.hash from ${sql} where t.id = g.id`, parameters);
  }
}
