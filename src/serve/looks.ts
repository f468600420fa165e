/** Looks at a place of results on behalf of all pages at once, and never so often that whoever trains there would feel it. */
import { Worker } from "node:worker_threads";
import { withoutPasswords } from "../errors.js";
import type { LookAnswer, LookKind, PageLook } from "./messages.js";
import { Progress, type SweepProgress } from "./progress.js";

/** What a look finds, numbered, so that a page asks for what is newer than what it has. */
export interface State {
  readonly number: number;
  readonly sweeps: readonly SweepProgress[];
  /** Why nothing can be said yet; null: something can. */
  readonly waiting: string | null;
  /** Why there is no page yet; null: it is being made, or there. */
  readonly page_waiting: string | null;
  /** Why nothing looks any more; null: something does. */
  readonly ended: string | null;
}

export interface PageState {
  readonly number: number;
  readonly page: PageLook;
}

/** A look of each kind may take one part in so many of the time: less than 2 % of a core in all. */
const IDLE_TIMES: Readonly<Record<LookKind, number>> = { progress: 100, verdict: 250, figures: 250 };
const LEAST_IDLE_MS = 1_000;
const GROWN = 4; // times

interface Turn {
  /** Before which no other look is due. */
  next: number;
  /** When the one that is under way was asked for; null: none is. */
  begun: number | null;
}

export class Looks {
  readonly #worker: Worker;
  readonly #progress = new Progress();
  readonly #turns: Record<LookKind, Turn> = {
    progress: { next: 0, begun: null },
    verdict: { next: 0, begun: null },
    figures: { next: 0, begun: null },
  };
  #state: State = { number: 0, sweeps: [], waiting: "it is being looked at", page_waiting: null, ended: null };
  #page: PageState | null = null;
  /** Why there is no page yet. */
  #pageWaiting: string | null = null;
  /** What was there when each was last asked for, and how many trial rows these were. */
  readonly #landedAt: Partial<Record<LookKind, string>> = {};
  readonly #countAt: Partial<Record<LookKind, number>> = {};
  /** How many looks there were: pages share them. */
  looks = 0;

  constructor(place: string) {
    this.#worker = new Worker(new URL("./look-thread.js", import.meta.url), { workerData: { place } });
    this.#worker.on("message", (answer: LookAnswer) => this.#take(answer));
    this.#worker.on("error", (error) => this.#end(error));
  }

  /** What is known; a look begins where one is due. */
  state(): State {
    this.#look("progress");
    return this.#state;
  }

  /** The page as it was last made; null: not yet. */
  page(): PageState | null {
    this.#look("verdict");
    this.#look("figures");
    return this.#page;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #look(kind: LookKind): void {
    const turn = this.#turns[kind];
    const now = performance.now();
    if (turn.begun !== null || this.#state.ended !== null) return;
    if (kind === "progress" ? now < turn.next : !this.#isDue(kind, now)) return;
    this.#landedAt[kind] = this.#landed();
    this.#countAt[kind] = this.#count();
    turn.begun = now;
    this.looks += 1;
    this.#worker.postMessage(kind);
  }

  /** A page is made anew where something has landed since; the last one at once, since nobody trains any more. */
  #isDue(kind: LookKind, now: number): boolean {
    const { sweeps, waiting } = this.#state;
    if (waiting !== null || this.#landed() === this.#landedAt[kind]) return false;
    const isOver = sweeps.every(({ rows, there, failed }) => there + failed === rows);
    // While so much more is there than at the last look, which is seldom, a look tells much.
    const hasGrown = this.#count() >= GROWN * (this.#countAt[kind] ?? 0);
    return isOver || hasGrown || now >= this.#turns[kind].next;
  }

  #count(): number {
    return this.#state.sweeps.reduce((sum, { there }) => sum + there, 0);
  }

  /** How much is there, as one text. */
  #landed(): string {
    return JSON.stringify(this.#state.sweeps.map(({ id, rows, there, failed }) => [id, rows, there, failed]));
  }

  #take(answer: LookAnswer): void {
    const turn = this.#turns[answer.kind];
    const ended = performance.now();
    // The first one that finds a sweep loads and compiles what later ones have: it is no measure of them.
    const isFirst = answer.kind === "progress" && this.#state.sweeps.length === 0;
    turn.next = ended + (isFirst ? LEAST_IDLE_MS : Math.max(LEAST_IDLE_MS, IDLE_TIMES[answer.kind] * answer.ms));
    turn.begun = null;
    if (answer.kind !== "progress") {
      this.#pageWaiting = answer.sentence;
      if (answer.page !== null) this.#page = { number: (this.#page?.number ?? 0) + 1, page: answer.page };
      return;
    }
    const sweeps = answer.sweeps.map((look) => this.#progress.of(look, ended));
    this.#tell({ sweeps, waiting: answer.waiting, page_waiting: this.#pageWaiting, ended: null });
  }

  /** What is told from now on, under another number where it is other than before. */
  #tell(next: Omit<State, "number">): void {
    const { number, ...before } = this.#state;
    if (JSON.stringify(next) !== JSON.stringify(before)) this.#state = { number: number + 1, ...next };
  }

  /** The thread has ended, as it does of too little memory. */
  #end(error: Error): void {
    const ended = `the server has ceased to look (${withoutPasswords(error.message)}): start gmm-sweep serve again`;
    const { sweeps, waiting, page_waiting } = this.#state;
    this.#tell({ sweeps, waiting, page_waiting, ended });
  }
}
