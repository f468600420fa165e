/** What a queue costs, and how far one server goes: measured with work that only waits, since a machine has few cores. */
import { gridPlan } from "../../src/plan/request.js";
import type { Store, Sweep } from "../../src/store/contract.js";
import { openStore } from "../../src/store/open.js";
import { type Chunk, isShared, type SharedStore } from "../../src/store/queue.js";
import { openRequest, specsIn, trained } from "../../test/fixtures/sweeps.js";
import { Field, must, type Site } from "./field.js";

const CHUNK_S = 5;
const CHUNKS = 32;
const PER_CHUNK = 5; // trajectories
const WAIT_MS = (1000 * CHUNK_S) / PER_CHUNK;
const MOST_COST = 0.05;
const LEAST_SPEEDUP = 3.6;
const CLIENTS = [1, 4];
const CLAIMS = 400; // of a client
const LANDINGS = 40; // of a client
const ROWS_LANDED = 500; // at once

/** Trainings that are done in an instant and have no start, and so many that they come in chunks of that size. */
const WAITING = [
  ...["--methods", "original,retrain_scratch", "--epochs", "original=2,retrain_scratch=2", "--samples", "40"],
  ...["--features", "2", "--hidden", "4,4", "--trials", `${(CHUNKS * PER_CHUNK) / 2}`],
];

export async function cost(site: Site): Promise<string> {
  const [one, four] = [await workedBy(site, 1), await workedBy(site, 4)];
  const [speedup, overhead] = [one.seconds / four.seconds, one.seconds / one.workedSeconds - 1];
  const rates = await ratesOf(site);
  const said = [
    `chunks of ${one.chunkSeconds.toFixed(1)} s on one worker: the queue costs ${(100 * overhead).toFixed(1)} % of the work`,
    `4 workers take ${speedup.toFixed(2)} times less`,
    `a worker holds ${four.connections} connections at most`,
    ...rates,
  ].join("; ");
  must(overhead < MOST_COST, `the queue costs 5 % or more: ${said}`);
  must(speedup >= LEAST_SPEEDUP, `4 workers are less than 3.6 times as fast: ${said}`);
  return said;
}

interface Worked {
  readonly seconds: number;
  /** Of trainings, all workers together. */
  readonly workedSeconds: number;
  readonly chunkSeconds: number;
  /** Of the worker that has most. */
  readonly connections: number;
}

/** From the first claim to the end of the last chunk. */
async function workedBy(site: Site, workers: number): Promise<Worked> {
  const field = await Field.make({ ...site, flags: WAITING }, `cost ${workers}`);
  try {
    await field.submit(`${CHUNK_S}`);
    for (const host of field.hosts.slice(0, workers)) field.work(host, { habits: { waitMs: WAIT_MS, poison: null } });
    await field.untilRows(workers * PER_CHUNK);
    const [{ connections }] = await field.sql<{ connections: number }>(
      `select max(n)::int as connections from (select count(*) as n from pg_stat_activity
       where datname = current_database() and application_name = 'gmm-sweep' group by client_addr) each_host`,
    );
    await field.untilDone();
    await field.endWorkers();
    const [chunks] = await field.sql<{ count: number; seconds: number }>(
      `select count(*)::int as count, extract(epoch from max(completed_on) - min(started_on))::float8 as seconds
       from gmm_sweep_queue.job where state = 'completed'`,
    );
    const [{ worked }] = await field.sql<{ worked: number }>(
      "select sum(elapsed_ms) / 1000 as worked from gmm_sweep.trial_rows",
    );
    return { ...{ seconds: chunks.seconds, workedSeconds: worked, connections }, chunkSeconds: worked / chunks.count };
  } finally {
    await field.close();
  }
}

/** How many chunks a second are claimed and ended, and how many rows land, by one client and by several. */
async function ratesOf(site: Site): Promise<string[]> {
  const field = await Field.make(site, "rates");
  const stores: SharedStore[] = [];
  try {
    for (let i = 0; i < Math.max(...CLIENTS); i++) {
      const store = await openStore(field.place());
      if (isShared(store)) stores.push(store);
    }
    const plan = gridPlan(
      {
        samples: "40",
        features: "2",
        hidden: "4,4",
        trials: "100000",
        methods: "retrain_scratch",
        epochs: "retrain_scratch=1",
        record: "final",
      },
      null,
    );
    const sweep = await stores[0].open(openRequest(plan));
    const said: string[] = [];
    for (const clients of CLIENTS) {
      const some = stores.slice(0, clients);
      const claims = await claimsBy(some, sweep);
      said.push(`${claims.toFixed(0)} chunks/s claimed and ended by ${clients}`);
    }
    const specs = specsIn(plan);
    const batches = Array.from({ length: specs.length / ROWS_LANDED }, (_, i) =>
      specs.slice(i * ROWS_LANDED, (i + 1) * ROWS_LANDED),
    );
    for (const clients of CLIENTS) {
      const rows = await perSecond(stores.slice(0, clients), LANDINGS * ROWS_LANDED, async (store) => {
        for (let i = 0; i < LANDINGS; i++) await land(store, sweep, batches.pop() ?? []);
      });
      said.push(`${rows.toFixed(0)} trial rows/s landed by ${clients}`);
    }
    return said;
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await field.close();
  }
}

async function land(store: Store, sweep: Sweep, specs: readonly Parameters<typeof trained>[0][]): Promise<void> {
  await store.record(
    sweep,
    specs.map((spec) => trained(spec)),
  );
}

async function claimsBy(stores: readonly SharedStore[], sweep: Sweep): Promise<number> {
  const chunk = (first: number): Chunk => ({
    ...{ first, count: 1, rows: 1, trajectories: 1, epochs: 1, retryFailed: false, losses: 0 },
  });
  const queue = await stores[0].queue();
  const count = CLAIMS * stores.length;
  await queue.submit(
    sweep,
    Array.from({ length: count }, (_, i) => chunk(i)),
  );
  return perSecond(stores, CLAIMS, async (store) => {
    const its = await store.queue();
    for (let lease = await its.claim(sweep); lease !== null; lease = await its.claim(sweep))
      await its.settle(lease, [], []);
  });
}

/** How many a second are done by all, who do `each` apiece at the same time. */
async function perSecond(
  stores: readonly SharedStore[],
  each: number,
  body: (store: SharedStore) => Promise<void>,
): Promise<number> {
  const began = performance.now();
  await Promise.all(stores.map(body));
  return (1000 * each * stores.length) / (performance.now() - began);
}
