/** Reads of a database file that another process may be writing. */
import type Database from "better-sqlite3";
import { bad, messageOf } from "../../errors.js";
import type { CellKey } from "../../plan/cell.js";
import type { Aggregate } from "../../stats/aggregates.js";
import type { TrajectorySpec } from "../../trial.js";
import type {
  CellMean,
  CellSample,
  CellStatus,
  CellTrial,
  CurveMean,
  CurveSpread,
  Damage,
  Failure,
  MethodStatus,
  MethodSummary,
  Missing,
  Results,
  RowState,
  StoredCommand,
  StoredDecision,
  StoredEpoch,
  StoredMargin,
  StoredRow,
  StoredTrajectory,
  Sweep,
} from "../contract.js";
import { meantNames } from "../meant.js";
import { cellParameters, type Read, readsIn, recipeParameters } from "../sql/reads.js";
import { addAggregate } from "./aggregates.js";
import { CellKeys } from "./cell-keys.js";
import { damagesOf, toldOfReading } from "./damages.js";
import { SQLITE_DIALECT } from "./dialect.js";
import { SqliteDatabase } from "./driver.js";
import { showAsPresent } from "./earlier.js";
import { guarded, toldOf } from "./faults.js";
import { MissingRows } from "./missing.js";
import { closeDatabase, copyInMemory, sizeOf } from "./reading.js";
import { cellSamples, digestOfSweep, storedMargins, storedRows } from "./rows.js";
import { Sweeps } from "./sweeps.js";

const READS = readsIn(SQLITE_DIALECT);

export class SqliteResults implements Results {
  protected readonly path: string;
  protected readonly db: Database.Database;
  protected readonly keys: CellKeys;
  protected readonly stored: Sweeps;
  readonly #missing: MissingRows;
  /** Connections whose rows are still being read. */
  readonly #snapshots = new Map<Database.Database, Iterator<unknown> | null>();

  constructor(path: string, db: Database.Database) {
    this.path = path;
    this.db = db;
    this.keys = new CellKeys(db);
    this.stored = new Sweeps(db, this.keys);
    this.#missing = new MissingRows(db, this.keys);
  }

  async sweeps(): Promise<Sweep[]> {
    return this.#read(() => this.stored.asPlanned());
  }

  async commands({ id }: Sweep): Promise<StoredCommand[]> {
    return this.#read(() => this.stored.commands(id));
  }

  async decisions({ id }: Sweep): Promise<StoredDecision[]> {
    return this.#read(() => this.stored.decisions.of(id));
  }

  async missing(profile: string, specs: readonly TrajectorySpec[], retryFailed: boolean): Promise<Missing> {
    return this.#read(() => this.#missing.of(profile, specs, retryFailed));
  }

  async methodStatus({ id }: Sweep): Promise<MethodStatus[]> {
    return this.#all(READS.methodStatus, { sweep: id });
  }

  async cellStatus({ id }: Sweep): Promise<CellStatus[]> {
    return this.#all(READS.cellStatus, { sweep: id });
  }

  async incompleteCells({ id }: Sweep, most: number): Promise<CellStatus[]> {
    return this.#all(READS.incompleteCells, { sweep: id, most });
  }

  async stateCounts({ id }: Sweep): Promise<Record<RowState, number>> {
    return this.#all(READS.stateCounts, { sweep: id })[0];
  }

  async failures({ id }: Sweep): Promise<Failure[]> {
    return this.#all(READS.failures, { sweep: id });
  }

  async methodSummary({ id }: Sweep): Promise<MethodSummary[]> {
    return this.#all(READS.methodSummary, { sweep: id });
  }

  async cellMeans({ id }: Sweep): Promise<CellMean[]> {
    return this.#all(READS.cellMeans, { sweep: id });
  }

  async cellTrials({ id }: Sweep, cell: CellKey): Promise<CellTrial[]> {
    return this.#all(READS.cellTrials, { ...cellParameters(cell), sweep: id });
  }

  async meanCurves({ id }: Sweep, recipe: Omit<CellKey, "draw">): Promise<CurveMean[]> {
    return this.#all(READS.meanCurves, { ...recipeParameters(recipe), sweep: id });
  }

  async curveSpreads({ id }: Sweep, recipe: Omit<CellKey, "draw">): Promise<CurveSpread[]> {
    return this.#all(READS.curveSpreads, { ...recipeParameters(recipe), sweep: id });
  }

  cellSamples({ id }: Sweep): AsyncGenerator<CellSample> {
    return this.#each((db) => cellSamples(db, id));
  }

  rows(sweep: Sweep | null): AsyncGenerator<StoredRow> {
    return this.#each((db) => storedRows(db, idOf(sweep)));
  }

  margins(sweep: Sweep | null): AsyncGenerator<StoredMargin> {
    return this.#each((db) => storedMargins(db, idOf(sweep)));
  }

  async digest({ id }: Sweep): Promise<string> {
    return this.#read((db) => digestOfSweep(db, id));
  }

  async trajectories(sweep: Sweep | null, method: string, trial: number): Promise<StoredTrajectory[]> {
    return sweep === null
      ? this.#all(READS.trajectoriesOfAll, { method, trial })
      : this.#all(READS.trajectoriesOfSweep, { sweep: sweep.id, method, trial });
  }

  async curve(trajectory: number, last: number): Promise<StoredEpoch[]> {
    return this.#all(READS.curve, { trajectory, last });
  }

  async storedAt(trajectory: number, epoch: number): Promise<StoredEpoch[]> {
    return this.#all(READS.storedAt, { trajectory, epoch });
  }

  async marginsAt(trajectory: number, epochs: number): Promise<(number | null)[]> {
    return this.#all(READS.marginsAt, { trajectory, epochs });
  }

  async trajectoryCount(): Promise<number> {
    return this.#all(READS.trajectoryCount, {})[0];
  }

  damages(): AsyncGenerator<Damage> {
    return this.#each((db) => damagesOf(db));
  }

  async query(
    sql: string,
    aggregates: readonly Aggregate[] = [],
  ): Promise<{ columns: string[]; rows: AsyncIterable<unknown[]> }> {
    const snapshot = this.#snapshot();
    try {
      for (const aggregate of aggregates) addAggregate(snapshot, aggregate);
      const statement = understood(snapshot, () => {
        const prepared = snapshot.prepare<[], unknown[]>(sql);
        if (prepared.reader) return prepared.raw().safeIntegers();
        throw new Error("it returns no rows, and the file is opened read-only");
      });
      const columns = statement.columns().map(({ name }) => name);
      return { columns, rows: this.#drain(snapshot, rowsOf(snapshot, statement)) };
    } catch (error) {
      this.#release(snapshot);
      throw toldOf(this.path, error);
    }
  }

  async size(): Promise<number> {
    return this.#read(sizeOf);
  }

  async close(): Promise<void> {
    this.endReading();
    closeDatabase(this.db);
  }

  /** Ends what is still being read. */
  protected endReading(): void {
    for (const snapshot of [...this.#snapshots.keys()]) this.#release(snapshot);
  }

  /** All rows of a statement. */
  #all<Row>({ sql, row }: Read<Row>, parameters: Readonly<Record<string, string | number>>): Row[] {
    return this.#read((db) => (db.prepare(sql).all(parameters) as Record<string, unknown>[]).map(row));
  }

  /** What `body` reads, of one state of the file. */
  #read<Result>(body: (db: Database.Database) => Result): Result {
    try {
      return this.db.transaction(() => body(this.db))();
    } catch (error) {
      throw toldOfReading(this.path, this.db, error);
    }
  }

  /** Rows that are read while they are used, of the state of the file at the first of them. */
  async *#each<Row>(rows: (db: Database.Database) => Generator<Row>): AsyncGenerator<Row> {
    const snapshot = this.#snapshot();
    yield* this.#drain(snapshot, rows(snapshot));
  }

  async *#drain<Row>(snapshot: Database.Database, rows: Generator<Row>): AsyncGenerator<Row> {
    this.#snapshots.set(snapshot, rows);
    try {
      yield* rows;
    } catch (error) {
      throw toldOfReading(this.path, snapshot, error);
    } finally {
      this.#release(snapshot);
    }
  }

  /** A connection of its own, on which a state of the file stays as it is. */
  #snapshot(): Database.Database {
    return guarded(this.path, () => {
      // What is in memory has no other connection, and so is copied.
      const snapshot = this.db.memory ? copyInMemory(this.db) : new SqliteDatabase(this.db.name, { readonly: true });
      this.#snapshots.set(snapshot, null);
      showAsPresent(snapshot);
      snapshot.pragma("query_only = on");
      snapshot.exec("begin");
      return snapshot;
    });
  }

  #release(snapshot: Database.Database): void {
    // A statement that still has rows to give would hold it open.
    this.#snapshots.get(snapshot)?.return?.();
    this.#snapshots.delete(snapshot);
    snapshot.close();
  }
}

function idOf(sweep: Sweep | null): number | null {
  return sweep === null ? null : sweep.id;
}

/** The rows of a select; some of its errors, such as an overflow, come only while it runs. */
function* rowsOf(db: Database.Database, statement: Database.Statement<[], unknown[]>): Generator<unknown[]> {
  const rows = understood(db, () => statement.iterate());
  const next = (): IteratorResult<unknown[]> => understood(db, () => rows.next());
  try {
    for (let row = next(); row.done !== true; row = next()) yield row.value;
  } finally {
    rows.return?.(); // or its connection could not be closed
  }
}

/** Runs `body`; what SQLite says against a user's SQL becomes one sentence. */
function understood<Result>(db: Database.Database, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    const said = messageOf(error);
    throw bad(
      `SQL must be one select that SQLite understands, got an error: ${said}${meantName(db, said)}; data/docs/columns.md lists the views and their columns`,
      { cause: error },
    );
  }
}

/** Which name of a view, a table or a column is probably meant, where SQLite says that there is none of a name. */
function meantName(db: Database.Database, said: string): string {
  const [, what, name] = /^no such (table|column): (?:\w+\.)?(\w+)$/.exec(said) ?? [];
  if (name === undefined) return "";
  const names =
    what === "table"
      ? "select name from sqlite_schema where type in ('table', 'view')"
      : "select distinct c.name from sqlite_schema s join pragma_table_info(s.name) c where s.type = 'view'";
  return meantNames(name, db.prepare<[], string>(names).pluck().all());
}
