/** `gmm-sweep worker`: trains what a database hands out, until nothing is left, or until it is told to stop. */
import type { EngineChoice } from "../engine/engines.js";
import { SweepError, shellWord } from "../errors.js";
import { DEFAULTS } from "../plan/defaults.js";
import type { Flags } from "../plan/flags.js";
import { withFolders } from "../plan/plan.js";
import { type WorkerRequest, workerRequest } from "../plan/request.js";
import { duration } from "../report/progress.js";
import { count } from "../report/verdict-words.js";
import { ChunkWorker, type WorkEvent } from "../run/chunk-worker.js";
import { usableCores } from "../run/cores.js";
import { foldersWith } from "../run/rebuild.js";
import { laneLostText, type Runner } from "../run/runner.js";
import { ThreadRunner, TRIAL_WORKER } from "../run/threads.js";
import type { Sweep } from "../store/contract.js";
import { openStore } from "../store/open.js";
import { isShared, type SharedStore } from "../store/queue.js";
import { choiceStored } from "../sweep/engines.js";
import { workerNote } from "../sweep/notes.js";
import { VERSION } from "../version.js";
import { type Command, DATABASE_ARGUMENT, openingFrom, type Terminal, value } from "./command.js";
import { EXIT } from "./exit-codes.js";
import { birth, hangupIgnored, Signals } from "./signals.js";

export const workerCommand: Command = {
  words: ["worker [database]"],
  describe: "train what a database hands out, on as many machines as there are",
  positionals: { ...DATABASE_ARGUMENT, database: "the database, in place of --store" },
  options: {
    store: value("the PostgreSQL database that hands out work, as postgres://user@host/database"),
    workers: value("chunks that are trained at once, each in a thread", "the cores"),
    sweep: value("the number of the sweep to train", "all that have work"),
    data: value("a folder with imported data, where it lies on this machine; given more than once for several"),
    "idle-exit": value("end after so many seconds without work", "never"),
    grace: value("seconds that a signal gives to what is running", DEFAULTS.grace),
    "allow-mixed": { type: "boolean", describe: "train also what another version of gmm-sweep asked for" },
    quiet: { type: "boolean", describe: "say nothing but faults" },
    "lock-wait": value("seconds to wait for a database that is away, full or read-only", DEFAULTS["lock-wait"]),
  },
  examples: [
    ["$0 worker --store postgres://me@db/sweeps", "until a signal ends it; what is running comes to its end first"],
    ["$0 worker --store postgres://me@db/sweeps --idle-exit 60", "for batch systems: until nothing is left"],
  ],
  run,
};

async function run(flags: Flags, terminal: Terminal): Promise<number> {
  const request = workerRequest(flags, usableCores());
  const opening = openingFrom(request.lockWaitMs, terminal, true);
  const store = await openStore(request.place, opening);
  try {
    if (!isShared(store)) throw new Error(`${request.place} hands out no work`);
    return await new Working(store, request, opening, terminal).work();
  } finally {
    await store.close();
  }
}

const SWEEPS_MS = 5_000; // how often is looked for sweeps that came after

class Working {
  readonly #store: SharedStore;
  readonly #request: WorkerRequest;
  readonly #opening: { giveUp(): void };
  readonly #terminal: Terminal;
  readonly #runners = new Map<string, Runner>();
  /** What trains a sweep that a version asked for or, as a sentence, why nothing here does, by its number. */
  readonly #judged = new Map<number, { readonly version: string; readonly judgement: EngineChoice | string }>();
  #sweeps: Sweep[] = [];
  readonly #folders: ReadonlyMap<string, string>;
  #looked = Number.NEGATIVE_INFINITY;
  #signal: string | null = null;
  #aside = 0;

  constructor(store: SharedStore, request: WorkerRequest, opening: { giveUp(): void }, terminal: Terminal) {
    this.#store = store;
    this.#request = request;
    this.#opening = opening;
    this.#terminal = terminal;
    this.#folders = foldersWith(request.folders);
  }

  async work(): Promise<number> {
    const { workers: lanes, idleExitMs, quiet, place } = this.#request;
    await this.#usable();
    const queue = await this.#store.queue();
    const member = await queue.join(workerNote(lanes));
    const began = performance.now();
    const worker = new ChunkWorker({
      ...{ store: this.#store, queue, member, lanes },
      sweeps: () => this.#usable(),
      sweepNow: (sweep) => this.#sweepNow(sweep),
      runnerFor: (sweep) => this.#runnerFor(sweep),
      isOver: (idleMs) => idleExitMs !== null && idleMs >= idleExitMs,
      hear: (event) => this.#hear(event),
    });
    if (!quiet) this.#terminal.err(`worker ${member.id}: ${lanes} at once from ${place}\n`);
    const signals = this.#signals(worker);
    let ending = "a fault";
    try {
      await worker.work();
      ending = this.#signal === null ? "nothing was left" : this.#signal;
    } finally {
      signals.close();
      await Promise.all([...this.#runners.values()].map((runner) => runner.close()));
      await member.leave(ending).catch(() => {}); // what ended it is thrown; nobody hears from it any more
    }
    const { chunks, rows } = worker.done;
    if (!quiet)
      this.#terminal.err(
        `worker ${member.id} ends (${ending}): ${count(chunks, "chunk")} with ${count(rows, "trial row")} in ${duration(performance.now() - began)}\n`,
      );
    if (this.#signal !== null) return EXIT.interrupted;
    return this.#aside > 0 ? EXIT.check : EXIT.ok;
  }

  /** The sweeps that are trained here. Throws a fault of the environment where there are some, and none is. */
  async #usable(): Promise<Sweep[]> {
    if (performance.now() - this.#looked < SWEEPS_MS) return this.#sweeps;
    const refused = await this.#look();
    if (this.#sweeps.length === 0 && refused.length > 0)
      throw new SweepError("environment", `no sweep of ${this.#request.place} can be trained here: ${refused[0]}`);
    return this.#sweeps;
  }

  /** A sweep that has grown meanwhile; null: it is not trained here, or not any more. */
  async #sweepNow({ id }: Sweep): Promise<Sweep | null> {
    await this.#look();
    const now = this.#sweeps.find((sweep) => sweep.id === id) ?? null;
    if (now === null) this.#looked = Number.NEGATIVE_INFINITY; // where it was the last one, that is told next
    return now;
  }

  /** Looks which sweeps there are; returns why those are refused that are. */
  async #look(): Promise<string[]> {
    const { sweep: asked, place } = this.#request;
    const all = (await this.#store.sweeps()).map((sweep) => ({
      ...sweep,
      plan: withFolders(sweep.plan, this.#folders),
    }));
    const meant = asked === null ? all : all.filter(({ id }) => id === asked);
    if (meant.length === 0 && this.#looked === Number.NEGATIVE_INFINITY && !this.#request.quiet)
      this.#terminal.err(
        `${place} has no ${asked === null ? "sweep" : `sweep ${asked}`} yet: waiting for one that gmm-sweep grid --store asks for\n`,
      );
    for (const sweep of meant) await this.#judge(sweep);
    const judgements = meant.map(({ id }) => this.#judged.get(id)?.judgement);
    this.#sweeps = meant.filter((_, i) => typeof judgements[i] === "object");
    this.#looked = performance.now();
    return judgements.filter((judgement) => typeof judgement === "string");
  }

  /** Finds out whether a sweep can be trained here, again where another version asked for it since, and says so where it cannot. */
  async #judge(sweep: Sweep): Promise<void> {
    const version = (await this.#store.commands(sweep)).at(-1)?.version ?? VERSION;
    if (this.#judged.get(sweep.id)?.version === version) return;
    const judgement = await this.#judgementOf(sweep, version);
    this.#judged.set(sweep.id, { version, judgement });
    if (typeof judgement === "string" && !this.#request.quiet) this.#terminal.err(`${judgement}\n`);
  }

  async #judgementOf(sweep: Sweep, version: string): Promise<EngineChoice | string> {
    if (version !== VERSION && !this.#request.allowMixed)
      return `sweep ${sweep.id} was asked for by gmm-sweep ${version}, and this is ${VERSION}: install that version here, or let both train it with --allow-mixed`;
    try {
      return await choiceStored(sweep, this.#request.place);
    } catch (error) {
      if (error instanceof SweepError && error.fault === "environment") return error.message;
      throw error;
    }
  }

  #runnerFor({ id, profile }: Sweep): Runner {
    const known = this.#runners.get(profile);
    if (known !== undefined) return known;
    const engine = this.#judged.get(id)?.judgement;
    if (typeof engine !== "object") throw new Error(`sweep ${id} is not trained here`);
    const { workers } = this.#request;
    const lost = (reason: string, left: number): void => {
      // What the last one met is thrown.
      if (left > 0) this.#terminal.err(`${laneLostText(reason, left)}\n`);
    };
    const runner = new ThreadRunner({ workers, engine, profile, entry: TRIAL_WORKER, lost });
    this.#runners.set(profile, runner);
    return runner;
  }

  #hear(event: WorkEvent): void {
    if (event.kind !== "put aside") return;
    this.#aside += 1;
    this.#terminal.err(
      `${event.losses} workers that trained ${event.trajectory} did not survive: it is put aside, and gmm-sweep resume ${shellWord(this.#request.place)} puts it up again\n`,
    );
  }

  /** The first lets running trajectories end, within the grace; the next, or its end, gives them up. */
  #signals(worker: ChunkWorker): Signals {
    const { graceMs, quiet } = this.#request;
    const give = (): void => {
      worker.cancel();
      this.#opening.giveUp();
    };
    const signals = new Signals({
      source: process,
      clock: () => performance.now(),
      hangupIgnored: hangupIgnored(birth()),
      giveUp: (signal) => this.#terminal.end(EXIT.interrupted, `stopped by ${signal}, with nothing waited for`),
    });
    signals.stops((signal) => {
      this.#signal = signal;
      if (worker.draining) return give();
      worker.drain();
      setTimeout(give, graceMs).unref();
      if (!quiet)
        this.#terminal.err(`${signal}: what is running has ${duration(graceMs)} to end, the rest is given back\n`);
    });
    return signals;
  }
}
