/** How long the chunks of workers that died wait until another has them, by the clock of the server. */
import { setTimeout as wait } from "node:timers/promises";
import type { Server } from "./server.js";

interface Lease extends Record<string, unknown> {
  readonly id: string;
  readonly lost: number;
  readonly started: number;
  readonly state: string;
  readonly now: number;
}

const LOOK_AGAIN_MS = 200;
const LOOKS = 100;

export class Reruns {
  readonly #server: Server;
  readonly #database: string;
  /** When each lease began, in seconds. */
  readonly #began = new Map<string, number>();
  readonly #deaths: { readonly at: number; readonly leases: ReadonlySet<string> }[] = [];

  constructor(server: Server, database: string) {
    this.#server = server;
    this.#database = database;
  }

  /** Notes that a worker has died, or the like. */
  async died(): Promise<void> {
    for (let looks = 1; ; looks++) {
      try {
        const leases = await this.look();
        const active = leases.filter(({ state }) => state === "active");
        const [{ at }] = await this.#server.sql<{ at: number }>(
          "select cast(extract(epoch from clock_timestamp()) as double precision) as at",
        );
        this.#deaths.push({ at, leases: new Set(active.map(({ id, lost }) => `${id} ${lost}`)) });
        return;
      } catch (error) {
        if (looks === LOOKS) throw error;
        await wait(LOOK_AGAIN_MS);
      }
    }
  }

  /** Leases that there are; none while the server is away. */
  async look(): Promise<Lease[]> {
    const leases = await this.#server
      .sql<Lease>(
        `select id::text, retry_count as lost, state::text,
           cast(extract(epoch from started_on) as double precision) as started
         from gmm_sweep_queue.job where state = 'active' or retry_count > 0`,
        this.#database,
      )
      .catch(() => []);
    for (const { id, lost, started, state } of leases) if (state !== "retry") this.#began.set(`${id} ${lost}`, started);
    return leases;
  }

  /** How many leases were lost, and the longest time in seconds from a death to the next lease of the same chunk. */
  async found(): Promise<{ longest: number; count: number }> {
    await this.look();
    let [longest, count] = [0, 0];
    for (const [lease, began] of this.#began) {
      const [id, lost] = lease.split(" ");
      if (lost === "0") continue;
      count += 1;
      const before = `${id} ${Number(lost) - 1}`;
      const death = this.#deaths.findLast(({ at, leases }) => at <= began && leases.has(before));
      // Of one whose loss nobody saw, such as a claim that was never answered, it is no longer than since that began.
      const since = death?.at ?? this.#began.get(before);
      if (since !== undefined) longest = Math.max(longest, began - since);
    }
    return { longest, count };
  }
}
