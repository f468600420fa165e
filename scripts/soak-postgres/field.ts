/** Where a scenario takes place: a database of its own, workers on hosts, and what must hold at its end. */
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EXIT } from "../../src/commands/exit-codes.js";
import { type Stream, stream } from "../../src/data/streams.js";
import { CLI, type Ended, faultsOf, type Running, startProgram } from "../soak/product.js";
import type { Host, Network } from "./hosts.js";
import type { Habits } from "./other-threads.js";
import { Reruns } from "./reruns.js";
import type { Server } from "./server.js";

/** What all scenarios share. */
export interface Site {
  readonly home: string;
  readonly server: Server;
  readonly network: Network;
  readonly flags: readonly string[];
  readonly seed: number;
  /** Of the same grid in a file, trained by one worker that nobody disturbs. */
  readonly digest: string;
  readonly rows: number;
}

export interface WorkerOptions {
  readonly flags?: readonly string[];
  readonly preloads?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly habits?: Habits;
  readonly port?: number;
  readonly cli?: string;
}

/** A process of the product on a host. */
export interface Worker {
  readonly host: Host;
  readonly running: Running;
  /** Null: it is there. */
  ended: Ended | null;
  /** Whether it is meant to end, or not to be checked. */
  doomed: boolean;
}

const WAIT_MS = 900_000; // for all of a grid, however busy the machine is
const POLL_MS = 500;
/** The longest that a chunk of a worker that died may wait until another has it. */
const RERUN_SECONDS = 60;

/** All processes that were started and have not ended. */
const living = new Set<Running>();

/** For when the soak itself is ended. */
export function endAll(): void {
  for (const { child } of living) child.kill("SIGKILL");
}

export class Field {
  readonly site: Site;
  readonly database: string;
  readonly random: Stream;
  readonly reruns: Reruns;
  readonly #all: Worker[] = [];

  private constructor(site: Site, name: string) {
    this.site = site;
    this.database = `soak_${name.replaceAll(/\W+/g, "_")}`;
    this.random = stream("soak", "postgres", name, site.seed);
    this.reruns = new Reruns(site.server, this.database);
  }

  static async make(site: Site, name: string, tablespace = "pg_default"): Promise<Field> {
    const field = new Field(site, name);
    await site.server.sql(
      `create database ${field.database} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C' tablespace ${tablespace}`,
    );
    return field;
  }

  get hosts(): readonly Host[] {
    return this.site.network.hosts;
  }

  get workers(): Worker[] {
    return this.#all.filter(({ ended, doomed }) => ended === null && !doomed);
  }

  place(port?: number): string {
    return this.site.server.url(this.site.network.address, this.database, port);
  }

  /** Starts `gmm-sweep` with the words of a command on a host. */
  start(host: Host, words: readonly string[], options: WorkerOptions = {}): Worker {
    const { preloads = [], env = {}, habits, port, cli = CLI } = options;
    const preloaded = habits === undefined ? preloads : [...preloads, "other-threads.js"];
    const imports = preloaded.flatMap((name) => ["--import", fileURLToPath(new URL(name, import.meta.url))]);
    const all = [...imports, cli, ...words, "--store", this.place(port), ...(options.flags ?? [])];
    const [program, given] = host.on(process.execPath, all);
    const told = habits === undefined ? {} : { SOAK_THREAD: JSON.stringify(habits) };
    const running = startProgram(program, given, { env: { ...process.env, ...env, ...told } });
    const worker: Worker = { host, running, ended: null, doomed: false };
    living.add(running);
    void running.ended.then((ended) => {
      worker.ended = ended;
      living.delete(running);
    });
    this.#all.push(worker);
    return worker;
  }

  work(host: Host, options: WorkerOptions = {}): Worker {
    return this.start(host, ["worker", "--workers", "1"], options);
  }

  everyHostWorks(options: WorkerOptions = {}): Worker[] {
    return this.hosts.map((host) => this.work(host, options));
  }

  /** A grid that works along. */
  grid(host: Host, options: WorkerOptions = {}): Worker {
    return this.start(host, ["grid", ...this.site.flags, "--workers", "1", "--chunk-seconds", "0.5"], options);
  }

  /** Leaves the grid to workers. */
  async submit(chunkSeconds = "0.5"): Promise<void> {
    const words = ["grid", ...this.site.flags, "--detach", "--chunk-seconds", chunkSeconds];
    await this.endsWell(this.start(this.hosts[0], words));
  }

  async endsWell(worker: Worker): Promise<Ended> {
    worker.doomed = true;
    const ended = await worker.running.ended;
    must(ended.code === EXIT.ok, "a command did not end well", ended);
    return ended;
  }

  async kill(worker: Worker, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (signal === "SIGKILL") worker.doomed = true;
    worker.running.child.kill(signal);
    if (signal === "SIGKILL") await worker.running.ended;
  }

  /** One of those at work, at random. */
  any(): Worker {
    const there = this.workers;
    return there[Math.floor(this.random.uniform() * there.length)];
  }

  /** Waits between two times, at random. */
  async while(leastMs: number, mostMs: number): Promise<void> {
    await wait(leastMs + this.random.uniform() * (mostMs - leastMs));
  }

  /** How many trial rows are there; 0 while none can be asked for. */
  async rows(): Promise<number> {
    const [found] = await this.sql<{ count: string }>("select count(*) from gmm_sweep.trial_rows").catch(() => []);
    return found === undefined ? 0 : Number(found.count);
  }

  sql<Row extends Record<string, unknown>>(text: string): Promise<Row[]> {
    return this.site.server.sql<Row>(text, this.database);
  }

  /** Resolves once there are so many rows of the whole. */
  untilShare(share: number): Promise<void> {
    return this.untilRows(share * this.site.rows);
  }

  async untilRows(count: number): Promise<void> {
    await this.until(`row ${Math.ceil(count)}`, async () => (await this.rows()) >= count);
  }

  /** Resolves once nothing waits and nobody has anything. */
  async untilDone(): Promise<void> {
    await this.until("the end of the grid", async () => {
      await this.reruns.look();
      const [up] = await this.sql<{ count: string }>(
        "select count(*) from gmm_sweep_queue.job where state <= 'active'",
      ).catch(() => []);
      return up !== undefined && Number(up.count) === 0 && (await this.rows()) > 0;
    });
  }

  /** Resolves once somebody has a chunk. */
  async untilLeased(): Promise<void> {
    await this.until("a lease", async () => {
      const leased = await this.sql("select 1 from gmm_sweep_queue.job where state = 'active'").catch(() => []);
      return leased.length > 0;
    });
  }

  /** Waits, and looks that the server heard nothing of a worker all the while. */
  async silent({ host, running }: Worker, seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await this.reruns.look();
      await wait(1000);
    }
    const [{ silence }] = await this.sql<{ silence: number }>(
      `select cast(extract(epoch from clock_timestamp() - seen_at) as double precision) as silence
       from gmm_sweep.workers where pid = ${running.child.pid}`,
    );
    must(
      silence >= seconds - 1,
      `the server heard of ${host.name} ${silence.toFixed(0)} s ago, within the ${seconds} s`,
    );
  }

  /** Where a worker was kept from its chunk for longer than a lease holds. */
  async mustHaveLost(): Promise<void> {
    must((await this.reruns.found()).count > 0, "no lease was lost, where one had to be");
  }

  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + WAIT_MS;
    while (!(await isSo())) {
      this.#refuseDeaths();
      if (performance.now() > end)
        throw new Error(`${what} did not come in ${WAIT_MS / 60_000} minutes\n${this.#said()}`);
      await wait(POLL_MS);
    }
  }

  /** Waits for the end of the grid, ends the workers and looks at what there is; returns how long chunks of the dead waited. */
  async finish(): Promise<string> {
    await this.untilDone();
    await this.endWorkers();
    return this.whole();
  }

  /** What there is must be the grid, and nothing else. */
  async whole(): Promise<string> {
    const faults = await faultsOf(this.place(), this.site.digest);
    must(faults.length === 0, `${this.database}: ${faults.join(", ")}`);
    const { longest, count } = await this.reruns.found();
    if (count === 0) return "no lease was lost";
    must(longest <= RERUN_SECONDS, `a chunk of a worker that died waited ${longest.toFixed(1)} s for another`);
    return `${count} leases lost, their chunks run again after ${longest.toFixed(0)} s at most`;
  }

  /** A drain of all that work, which must be clean. */
  async endWorkers(): Promise<void> {
    this.#refuseDeaths();
    const there = this.workers;
    for (const worker of there) {
      worker.doomed = true;
      worker.running.child.kill("SIGTERM");
    }
    for (const { running } of there) {
      const ended = await running.ended;
      must(ended.code === EXIT.interrupted, "a worker did not drain", ended);
    }
  }

  /** Ends whatever is left, as a scenario that failed leaves it. */
  async close(): Promise<void> {
    for (const { ended, running } of this.#all) if (ended === null) running.child.kill("SIGKILL");
    await Promise.all(this.#all.map(({ running }) => running.ended));
  }

  #refuseDeaths(): void {
    const dead = this.#all.find(({ ended, doomed }) => ended !== null && ended.code !== EXIT.ok && !doomed);
    if (dead?.ended != null) must(false, `a process on ${dead.host.name} ended by itself`, dead.ended);
  }

  #said(): string {
    return this.#all.flatMap(({ host, ended }) => (ended === null ? [] : [`${host.name}: ${ended.err}`])).join("\n");
  }
}

export function must(holds: boolean, otherwise: string, ended?: Ended): asserts holds {
  if (holds) return;
  const said = ended === undefined ? "" : ` (exit code ${ended.code}, ${ended.signal}): ${ended.err.slice(-2000)}`;
  throw new Error(`${otherwise}${said}`);
}
