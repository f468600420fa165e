/** Chunks handed out by pg-boss, which keeps them beside the store, in the same database. */
import type { JobWithMetadata, PgBoss } from "pg-boss";
import { planMark } from "../../plan/places.js";
import { type Outcome, trajectoryKey } from "../../trial.js";
import type { Landed, Sweep } from "../contract.js";
import { withCode } from "../faults.js";
import type { Chunk, Lease, Member, Queue, Up, WorkerNote } from "../queue.js";
import { chunkOf } from "./chunks.js";
import { type Connections, QUICK_MS, SCHEMA_NAME, type Session } from "./connection.js";
import { isAnswer } from "./faults.js";
import { planIn } from "./sweeps.js";
import { countDead, Membership } from "./workers.js";

/** All that is pg-boss's. */
const QUEUE_SCHEMA = "gmm_sweep_queue";

const QUEUE_PREFIX = "sweep-"; // before the number of the sweep

const HEARTBEAT_SECONDS = 20; // a cut network of less costs nothing; a dead worker's chunk waits for no more than this and a supervision
const BEAT_MS = 5_000;
const BEAT_ANSWER_MS = 10_000; // so that there is time for another one, on a new connection, before leases are lost
const SUPERVISE_SECONDS = 5;
const EXPIRE_SECONDS = 23 * 3600; // pg-boss's own limit is a day; heartbeats find the dead long before
const RETRY_LIMIT = 1_000_000; // how often a lease may be lost is counted by who claims it
const KEPT_SECONDS = 365 * 24 * 3600;
const FORGOTTEN_SECONDS = 24 * 3600; // after it was done
const WARN_NEVER = 1_000_000_000;
const INSERTED_AT_ONCE = 1000;
/** How pg-boss is stopped: its connections are the store's. */
const AT_ONCE = { graceful: false, close: false };
const SUSPECTS_AFTER = 1_000_000_000; // chunks of a plan; a priority is an integer of 32 bits

/** What keeps makers of one queue apart, for as long as a transaction lasts ('gmm2'). */
const LOCK = `select pg_advisory_xact_lock(${0x676d6d32})`;

/** What a queue takes of the store that it is in. */
export interface QueueStore {
  /** Runs `body` in one transaction, again where the server is away for a while or another writer came between. */
  write<Result>(body: (session: Session) => Promise<Result>): Promise<Result>;
  /** Lands outcomes, and what `also` does in the same transaction. */
  recordAnd(sweep: Sweep, outcomes: readonly Outcome[], also: (session: Session) => Promise<void>): Promise<Landed>;
}

/** A lease as pg-boss knows it. */
interface Held extends Lease {
  readonly id: string;
  readonly retryCount: number;
}

export class BossQueue implements Queue {
  readonly #boss: PgBoss;
  readonly #store: QueueStore;
  readonly #connections: Connections;
  /** Leases of this process, by their ids. */
  readonly #held = new Map<string, Held>();
  readonly #members = new Set<Membership>();
  readonly #made = new Set<string>();
  readonly #beats: NodeJS.Timeout;
  /** Null: none is under way. */
  #beating: Promise<void> | null = null;

  private constructor(boss: PgBoss, store: QueueStore, connections: Connections) {
    this.#boss = boss;
    this.#store = store;
    this.#connections = connections;
    this.#beats = setInterval(() => this.#beatNext(), BEAT_MS);
    this.#beats.unref();
  }

  static async open(store: QueueStore, connections: Connections): Promise<BossQueue> {
    const { PgBoss: Boss } = await loadBoss();
    const executeSql = (text: string, values?: unknown[]) =>
      connections.with((session) => whole(session, text, values), QUICK_MS);
    const started = new Set<PgBoss>();
    const startedWith = async (isThere: boolean): Promise<PgBoss> => {
      const boss = new Boss({
        db: { executeSql },
        schema: QUEUE_SCHEMA,
        // What has no right to make tables works with those that are there.
        ...{ migrate: !isThere, createSchema: !isThere, schedule: false },
        ...{ superviseIntervalSeconds: SUPERVISE_SECONDS, monitorIntervalSeconds: SUPERVISE_SECONDS },
        ...{ registerInstance: false, reindex: false, monitorVacuum: false },
      });
      // What goes wrong in its rounds it tries again in the next.
      boss.on("error", () => {});
      boss.on("warning", () => {});
      started.add(boss);
      return boss.start();
    };
    try {
      const boss = await connections.with(async (session) => {
        if (await isMade(session)) return startedWith(true);
        // Made by one at a time: pg-boss makes its schema before it keeps others away.
        return session.transaction("", async () => {
          await session.script(LOCK);
          return startedWith(await isMade(session));
        });
      });
      return new BossQueue(boss, store, connections);
    } catch (error) {
      // What of it had started keeps the process for ever, also where all of it had and only the transaction's end was lost.
      for (const boss of started) await boss.stop(AT_ONCE);
      throw error;
    }
  }

  async submit(sweep: Sweep, chunks: readonly Chunk[]): Promise<boolean> {
    const [name, plan] = [await this.#queueOf(sweep), planMark(sweep.plan)];
    return this.#store.write(async (session) => {
      await session.run("select pg_advisory_xact_lock(hashtext(@name))", { name });
      const [{ present }] = await session.rows<{ present: number }>(
        `select count(*) as present from ${QUEUE_SCHEMA}.job
         where name = @name and state <= 'active' and data ->> 'plan' = @plan`,
        { name, plan },
      );
      // Read under the lock: who let it grow before puts up chunks of its plan under the same, and these would take them back.
      if (present > 0 || planMark(await planIn(session, sweep.id)) !== plan) return false;
      await session.run(`delete from ${QUEUE_SCHEMA}.job where name = @name and state < 'active'`, { name });
      await session.run("delete from put_aside where sweep_id = @id", { id: sweep.id });
      await this.#put(session, name, plan, chunks);
      return true;
    });
  }

  async waiting(): Promise<ReadonlySet<number>> {
    // By queue, of which each sweep has one: chunks may be many, and of each queue the first that waits is enough.
    const rows = await this.#store.write((session) =>
      session.rows<{ name: string }>(
        `select q.name from ${QUEUE_SCHEMA}.queue q
         where exists (select 1 from ${QUEUE_SCHEMA}.job j where j.name = q.name and j.state < 'active')`,
      ),
    );
    return new Set(
      rows.flatMap(({ name }) => (name.startsWith(QUEUE_PREFIX) ? [Number(name.slice(QUEUE_PREFIX.length))] : [])),
    );
  }

  async claim(sweep: Sweep): Promise<Lease | null> {
    const name = await this.#queueOf(sweep);
    const held = await this.#store.write(async (session) => {
      const [job] = await this.#boss.fetch<unknown>(name, { batchSize: 1, includeMetadata: true, db: dbOf(session) });
      // What is no chunk is left where it was found.
      return job === undefined ? null : this.#heldOf(session, sweep, job);
    });
    if (held !== null) this.#held.set(held.id, held);
    return held;
  }

  async settle(lease: Lease, outcomes: readonly Outcome[], rest: readonly Chunk[]): Promise<Landed> {
    const held = lease as Held;
    const { sweep, plan, id } = held;
    const name = await this.#queueOf(sweep);
    const landed = await this.#store.recordAnd(sweep, outcomes, async (session) => {
      // Where the lease was lost, somebody else has the chunk.
      if (await this.#ended(session, name, held)) await this.#put(session, name, plan, rest);
      // What comes late from one that was given up for dead acquits it; a worker may have no right to delete.
      await session.run("update put_aside set losses = 0 where sweep_id = @sweep and trajectory = any(@landed)", {
        ...{ sweep: sweep.id, landed: outcomes.map(({ spec }) => trajectoryKey(spec)) },
      });
    });
    this.#held.delete(id);
    return landed;
  }

  async putAside(lease: Lease, trajectory: string): Promise<void> {
    const held = lease as Held;
    const { sweep, losses, id } = held;
    const name = await this.#queueOf(sweep);
    await this.#store.write(async (session) => {
      if (!(await this.#ended(session, name, held))) return;
      await session.run(
        `insert into put_aside (sweep_id, trajectory, losses) values (@sweep, @trajectory, @losses)
         on conflict (sweep_id, trajectory) do update set losses = excluded.losses, at = now()`,
        { sweep: sweep.id, trajectory, losses },
      );
    });
    this.#held.delete(id);
  }

  async up(sweep: Sweep): Promise<Up> {
    return this.#store.write((session) => upIn(session, sweep.id));
  }

  async join(worker: WorkerNote): Promise<Member> {
    const member = await this.#store.write((session) => Membership.join(session, worker));
    this.#members.add(member);
    return {
      id: member.id,
      tell: (work) => member.tell(work),
      leave: async (ending) => {
        this.#members.delete(member);
        await this.#store.write((session) => member.leave(session, ending));
      },
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#beats);
    await this.#beating;
    await this.#boss.stop(AT_ONCE);
  }

  async #queueOf({ id }: Sweep): Promise<string> {
    const name = queueName(id);
    if (this.#made.has(name)) return name;
    await this.#store.write(async () => {
      await this.#boss.createQueue(name, {
        ...{ heartbeatSeconds: HEARTBEAT_SECONDS, expireInSeconds: EXPIRE_SECONDS, retryLimit: RETRY_LIMIT },
        ...{ retentionSeconds: KEPT_SECONDS, deleteAfterSeconds: FORGOTTEN_SECONDS, warningQueueSize: WARN_NEVER },
      });
    });
    this.#made.add(name);
    return name;
  }

  /**
   * A lease that was taken just now, of which it is noted who has it: of those who had it before only the dead count as
   * losses. Who is heard of again was cut off or frozen, and who came to an end has left it behind.
   */
  async #heldOf(
    session: Session,
    sweep: Sweep,
    { id, name, retryCount, data }: JobWithMetadata<unknown>,
  ): Promise<Held> {
    const { chunk, plan, holders } = chunkOf(data);
    const [holder] = this.#members;
    if (holder !== undefined)
      await session.run(
        `update ${QUEUE_SCHEMA}.job set data = jsonb_set(data, '{holders}', cast(@holders as jsonb))
         where name = @name and id = cast(@id as uuid)`,
        { name, id, holders: JSON.stringify([...holders, holder.id]) },
      );
    // Who did not join is not known to live.
    const unknown = retryCount - holders.length;
    const losses = chunk.losses + Math.max(0, unknown) + (await countDead(session, holders));
    return { sweep, chunk, plan, losses, id, retryCount };
  }

  /** Ends a chunk; false where its lease was lost. */
  async #ended(session: Session, name: string, held: Held): Promise<boolean> {
    const answer = await this.#boss.complete(name, attemptOf(held), null, { db: dbOf(session) });
    return (answer as { affected: number }).affected > 0;
  }

  async #put(session: Session, name: string, plan: string, chunks: readonly Chunk[]): Promise<void> {
    const db = dbOf(session);
    for (let at = 0; at < chunks.length; at += INSERTED_AT_ONCE) {
      const some = chunks
        .slice(at, at + INSERTED_AT_ONCE)
        .map((chunk) => ({ data: { ...chunk, plan, holders: [] }, priority: priorityOf(chunk) }));
      await this.#boss.insert(name, some, { db });
    }
  }

  /** One at a time: where the server is away they do not pile up. */
  #beatNext(): void {
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = null;
    });
  }

  /** Signs of life: of each worker, and of each lease. What cannot be told now is told in the next. */
  async #beat(): Promise<void> {
    const held = [...this.#held.values()];
    if (held.length + this.#members.size === 0) return;
    try {
      await this.#connections.with(async (session) => {
        for (const member of this.#members) await member.beat(session);
        for (const sweep of new Set(held.map((lease) => lease.sweep.id))) {
          const attempts = held.filter((lease) => lease.sweep.id === sweep).map(attemptOf);
          await this.#boss.touch(queueName(sweep), attempts, { db: dbOf(session) });
        }
      }, BEAT_ANSWER_MS);
    } catch {
      // The server is away: leases are lost if it stays so, and what is right does not hang on them.
    }
  }
}

/** What says of a lease which one of its chunk it is. */
function attemptOf({ id, retryCount }: Held): { id: string; retryCount: number } {
  return { id, retryCount };
}

async function isMade(session: Session): Promise<boolean> {
  // From the catalog's tables: to_regclass may not yet know what another process made while this one waited for it.
  const [{ there }] = await session.rows<{ there: boolean }>(
    `select exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where n.nspname = '${QUEUE_SCHEMA}' and c.relname = 'version') as there`,
  );
  return there;
}

/** What waits or is on lease of a sweep, of what is no chunk only that it is there; nothing where nothing was ever submitted. */
export async function upIn(session: Session, sweep: number): Promise<Up> {
  const [{ there }] = await session.rows<{ there: boolean }>(
    `select to_regclass('${QUEUE_SCHEMA}.job') is not null as there`,
  );
  if (!there) return { waiting: 0, leased: 0, rows: 0, trajectories: 0, epochs: 0 };
  const [up] = await session.rows<Up>(
    `select count(*) filter (where state < 'active') as waiting, count(*) filter (where state = 'active') as leased,
       ${sumOf("rows")}, ${sumOf("trajectories")}, ${sumOf("epochs")}
     from ${QUEUE_SCHEMA}.job where name = @name and state <= 'active'`,
    { name: queueName(sweep) },
  );
  return up;
}

function sumOf(name: string): string {
  const text = `data ->> '${name}'`;
  return `coalesce(sum(case when ${text} ~ '^[0-9]{1,15}$' then cast(${text} as bigint) end), 0) as ${name}`;
}

/** Whether this user has the rights to what `upIn`, `workersIn` and `asideIn` read, as far as it is there. */
export async function mayReadWork(session: Session): Promise<boolean> {
  const [{ may }] = await session.rows<{ may: boolean }>(
    `select coalesce(bool_and(has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')), true) as may
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where (n.nspname, c.relname) in (('${SCHEMA_NAME}', 'workers'), ('${SCHEMA_NAME}', 'put_aside'), ('${QUEUE_SCHEMA}', 'job'))`,
  );
  return may;
}

/**
 * Chunks go out in the order of the plan. All of one call are as old as each other, and of those pg-boss hands out last
 * what was lost or given back, which in a long sweep would wait for all of it. What may kill who trains it goes last.
 */
function priorityOf({ first, losses }: Chunk): number {
  return (losses === 0 ? 0 : -SUSPECTS_AFTER) - Math.min(first, SUSPECTS_AFTER);
}

function queueName(sweep: number): string {
  return `${QUEUE_PREFIX}${sweep}`;
}

function dbOf(session: Session): { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> } {
  return { executeSql: (text, values) => session.foreign(text, values) };
}

/** What pg-boss asks outside of a transaction of ours: a script of its own that fails in the middle of one leaves none behind for who gets the connection next. */
async function whole(session: Session, text: string, values: unknown[] | undefined) {
  try {
    return await session.foreign(text, values);
  } catch (error) {
    if (isAnswer(error)) await session.script("rollback");
    throw error;
  }
}

/** Loads pg-boss, which is not installed everywhere. */
export async function loadBoss(): Promise<typeof import("pg-boss")> {
  try {
    return await import("pg-boss");
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw withCode("NO_BOSS", error.message);
  }
}
