/** Reads of a database that others may be writing. */
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
  RowState,
  StoredCommand,
  StoredDecision,
  StoredEpoch,
  StoredMargin,
  StoredRow,
  StoredTrajectory,
  Sweep,
} from "../contract.js";
import type { Aside, SharedResults, StoredWorker, Up } from "../queue.js";
import * as inOrder from "../rows.js";
import { cellParameters, type Read, recipeParameters } from "../sql/reads.js";
import { CellKeys } from "./cell-keys.js";
import {
  type Connections,
  LANDING_MS,
  NO_ANSWER_MS,
  type Parameters,
  SCHEMA_NAME,
  type Session,
  type Snapshot,
} from "./connection.js";
import { damagesIn } from "./damages.js";
import { toldOf } from "./faults.js";
import { missingRows } from "./missing.js";
import { ask } from "./query.js";
import { mayReadWork, upIn } from "./queue.js";
import { READS } from "./reads.js";
import { batches, cellsOf, digestOfSweep } from "./rows.js";
import { commandsIn, decisionsIn, plannedSweeps } from "./sweeps.js";
import { asideIn, workersIn } from "./workers.js";

const ONE_STATE = "isolation level repeatable read read only";

export class PostgresResults implements SharedResults {
  protected readonly place: string;
  protected readonly connections: Connections;
  readonly #snapshots = new Set<Snapshot>();

  constructor(place: string, connections: Connections) {
    this.place = place;
    this.connections = connections;
  }

  sweeps(): Promise<Sweep[]> {
    return this.#read(plannedSweeps);
  }

  commands({ id }: Sweep): Promise<StoredCommand[]> {
    return this.#read((session) => commandsIn(session, id));
  }

  decisions({ id }: Sweep): Promise<StoredDecision[]> {
    return this.#read((session) => decisionsIn(session, id));
  }

  missing(profile: string, specs: readonly TrajectorySpec[], retryFailed: boolean): Promise<Missing> {
    // What another writer's refused work had made is not known from before.
    return this.#read((session) => missingRows(session, new CellKeys(), profile, specs, retryFailed), LANDING_MS);
  }

  methodStatus({ id }: Sweep): Promise<MethodStatus[]> {
    return this.#all(READS.methodStatus, { sweep: id });
  }

  cellStatus({ id }: Sweep): Promise<CellStatus[]> {
    return this.#all(READS.cellStatus, { sweep: id });
  }

  incompleteCells({ id }: Sweep, most: number): Promise<CellStatus[]> {
    return this.#all(READS.incompleteCells, { sweep: id, most });
  }

  async stateCounts({ id }: Sweep): Promise<Record<RowState, number>> {
    return (await this.#all(READS.stateCounts, { sweep: id }))[0];
  }

  failures({ id }: Sweep): Promise<Failure[]> {
    return this.#all(READS.failures, { sweep: id });
  }

  methodSummary({ id }: Sweep): Promise<MethodSummary[]> {
    return this.#all(READS.methodSummary, { sweep: id });
  }

  cellMeans({ id }: Sweep): Promise<CellMean[]> {
    return this.#all(READS.cellMeans, { sweep: id });
  }

  cellTrials({ id }: Sweep, cell: CellKey): Promise<CellTrial[]> {
    return this.#all(READS.cellTrials, { ...cellParameters(cell), sweep: id });
  }

  meanCurves({ id }: Sweep, recipe: Omit<CellKey, "draw">): Promise<CurveMean[]> {
    return this.#all(READS.meanCurves, { ...recipeParameters(recipe), sweep: id });
  }

  curveSpreads({ id }: Sweep, recipe: Omit<CellKey, "draw">): Promise<CurveSpread[]> {
    return this.#all(READS.curveSpreads, { ...recipeParameters(recipe), sweep: id });
  }

  cellSamples({ id }: Sweep): AsyncGenerator<CellSample> {
    return this.#each(async function* (session) {
      for await (const { cells, read } of batches(session, await cellsOf(session, id), "samples"))
        yield* inOrder.cellSamples(cells, read);
    });
  }

  rows(sweep: Sweep | null): AsyncGenerator<StoredRow> {
    return this.#each(async function* (session) {
      for await (const { cells, read } of batches(session, await cellsOf(session, idOf(sweep)), "wholeRows"))
        yield* inOrder.storedRows(cells, read);
    });
  }

  margins(sweep: Sweep | null): AsyncGenerator<StoredMargin> {
    return this.#each(async function* (session) {
      const several = inOrder.ofSeveralForgetRows(await cellsOf(session, idOf(sweep)));
      for await (const { cells, read } of batches(session, several, "margins"))
        yield* inOrder.storedMargins(cells, read);
    });
  }

  digest({ id }: Sweep): Promise<string> {
    return this.#read((session) => digestOfSweep(session, id));
  }

  trajectories(sweep: Sweep | null, method: string, trial: number): Promise<StoredTrajectory[]> {
    return sweep === null
      ? this.#all(READS.trajectoriesOfAll, { method, trial })
      : this.#all(READS.trajectoriesOfSweep, { sweep: sweep.id, method, trial });
  }

  curve(trajectory: number, last: number): Promise<StoredEpoch[]> {
    return this.#all(READS.curve, { trajectory, last });
  }

  storedAt(trajectory: number, epoch: number): Promise<StoredEpoch[]> {
    return this.#all(READS.storedAt, { trajectory, epoch });
  }

  marginsAt(trajectory: number, epochs: number): Promise<(number | null)[]> {
    return this.#all(READS.marginsAt, { trajectory, epochs });
  }

  async trajectoryCount(): Promise<number> {
    return (await this.#all(READS.trajectoryCount, {}))[0];
  }

  damages(): AsyncGenerator<Damage> {
    return this.#each((session) => damagesIn(session, new CellKeys()));
  }

  async query(
    sql: string,
    aggregates: readonly Aggregate[] = [],
  ): Promise<{ columns: string[]; rows: AsyncIterable<unknown[]> }> {
    const snapshot = await this.#snapshot();
    try {
      const { columns, rows } = await ask(snapshot.session, sql, aggregates);
      return { columns, rows: this.#drain(snapshot, rows) };
    } catch (error) {
      await this.#release(snapshot);
      throw toldOf(this.place, error);
    }
  }

  mayReadWork(): Promise<boolean> {
    return this.#read(mayReadWork);
  }

  workers(): Promise<StoredWorker[]> {
    return this.#read(workersIn);
  }

  up({ id }: Sweep): Promise<Up> {
    return this.#read((session) => upIn(session, id));
  }

  aside({ id }: Sweep): Promise<Aside[]> {
    return this.#read((session) => asideIn(session, id));
  }

  async size(): Promise<number> {
    const sql = `select coalesce(sum(pg_total_relation_size(c.oid)), 0) as bytes from pg_class c
      where c.relnamespace = to_regnamespace('${SCHEMA_NAME}') and c.relkind = 'r'`;
    return this.#read(async (session) => (await session.rows<{ bytes: number }>(sql))[0].bytes);
  }

  async close(): Promise<void> {
    await this.endReading();
    await this.connections.close();
  }

  /** Ends what is still being read. */
  protected async endReading(): Promise<void> {
    for (const snapshot of [...this.#snapshots]) await this.#release(snapshot);
  }

  /** All rows of a statement. */
  #all<Result>({ sql, row }: Read<Result>, parameters: Parameters): Promise<Result[]> {
    return this.#read(async (session) => (await session.rows(sql, parameters)).map(row));
  }

  /** What `body` reads, of one state. */
  async #read<Result>(body: (session: Session) => Promise<Result>, answerMs = NO_ANSWER_MS): Promise<Result> {
    return this.asked(() =>
      this.connections.with((session) => session.transaction(ONE_STATE, () => body(session)), answerMs),
    );
  }

  /** What the database is asked; its errors in sentences. */
  protected async asked<Result>(ask: () => Promise<Result>): Promise<Result> {
    try {
      return await ask();
    } catch (error) {
      throw toldOf(this.place, error);
    }
  }

  /** Rows that are read while they are used, of the state at the first of them. */
  async *#each<Item>(items: (session: Session) => AsyncGenerator<Item>): AsyncGenerator<Item> {
    const snapshot = await this.#snapshot();
    yield* this.#drain(snapshot, items(snapshot.session));
  }

  async *#drain<Item>(snapshot: Snapshot, items: AsyncGenerator<Item>): AsyncGenerator<Item> {
    try {
      yield* items;
    } catch (error) {
      throw toldOf(this.place, error);
    } finally {
      await this.#release(snapshot);
    }
  }

  async #snapshot(): Promise<Snapshot> {
    try {
      const snapshot = await this.connections.snapshot();
      this.#snapshots.add(snapshot);
      return snapshot;
    } catch (error) {
      throw toldOf(this.place, error);
    }
  }

  async #release(snapshot: Snapshot): Promise<void> {
    this.#snapshots.delete(snapshot);
    await snapshot.release();
  }
}

function idOf(sweep: Sweep | null): number | null {
  return sweep === null ? null : sweep.id;
}
