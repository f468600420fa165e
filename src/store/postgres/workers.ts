/** Who trains what a database hands out, as the database knows it: by its own clock, since workers' clocks may be wrong. */
import type { Aside, StoredWorker, Work, WorkerNote } from "../queue.js";
import type { Session } from "./connection.js";

/** A worker gives a sign every 5 seconds, before those of its leases; they are lost after 20. */
const SILENT_SECONDS = 15;

const NOTHING: Work = { chunks: 0, rows: 0, epochs: 0, speed: 0 };

/** A worker of this process. */
export class Membership {
  readonly id: number;
  #work: Work = NOTHING;

  private constructor(id: number) {
    this.id = id;
  }

  static async join(session: Session, { machine, pid, version, lanes }: WorkerNote): Promise<Membership> {
    const [{ id }] = await session.rows<{ id: number }>(
      "insert into workers (machine, pid, version, lanes) values (@machine, @pid, @version, @lanes) returning id",
      { machine, pid, version, lanes },
    );
    return new Membership(id);
  }

  tell(work: Work): void {
    this.#work = work;
  }

  async beat(session: Session): Promise<void> {
    await this.#say(session, null);
  }

  async leave(session: Session, ending: string): Promise<void> {
    await this.#say(session, ending);
  }

  async #say(session: Session, ending: string | null): Promise<void> {
    const { chunks, rows, epochs, speed } = this.#work;
    await session.run(
      `update workers set chunks = @chunks, rows = @rows, epochs = @epochs, speed = @speed, seen_at = now(), ending = @ending
       where id = @id`,
      { id: this.id, chunks, rows, epochs, speed, ending },
    );
  }
}

export async function workersIn(session: Session): Promise<StoredWorker[]> {
  return session.rows<StoredWorker>(
    `select id, machine, pid, version, lanes, chunks, rows, epochs, speed, ending,
       1000 * cast(extract(epoch from now() - joined_at) as double precision) as "joinedMs",
       1000 * cast(extract(epoch from now() - seen_at) as double precision) as "seenMs"
     from workers where seen_at > now() - interval '1 day' order by id`,
  );
}

export async function asideIn(session: Session, sweep: number): Promise<Aside[]> {
  return session.rows<Aside>(
    "select trajectory, losses from put_aside where sweep_id = @sweep and losses > 0 order by at, trajectory",
    { sweep },
  );
}

/** How many of some workers came to no end, and have given no sign of life for so long that they lost what they had on lease. */
export async function countDead(session: Session, workers: readonly number[]): Promise<number> {
  if (workers.length === 0) return 0;
  const [{ dead }] = await session.rows<{ dead: number }>(
    `select count(*) as dead from unnest(cast(@workers as bigint[])) as h (id) left join workers w on w.id = h.id
     where w.id is null or (w.ending is null and w.seen_at < now() - interval '${SILENT_SECONDS} seconds')`,
    { workers: `{${workers.join(",")}}` },
  );
  return dead;
}
