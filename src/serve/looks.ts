/** Looks at a place of results on behalf of all pages at once, and never so often that whoever trains there would feel it. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { withoutPasswords } from "../errors.js";
import { urlOf } from "../files/places.js";
import { LOOK_KINDS, type LookAnswer, type LookKind, type PageLook } from "./messages.js";
import { after, FIRST_TURN, isDue, markOf, type Turn, UNKNOWN, type Writing } from "./pace.js";
import { Progress, type SweepProgress } from "./progress.js";

/** What a look finds, numbered, so that a page asks for what is newer than what it has. Times are in milliseconds since 1970. */
export interface State {
  readonly number: number;
  readonly sweeps: readonly SweepProgress[];
  /** Why nothing can be said yet; null: something can. */
  readonly waiting: string | null;
  /** Why there is no page yet; null: it is being made, or there. */
  readonly page_waiting: string | null;
  /** When it was looked last how far the sweeps are; null: not yet. */
  readonly looked_at: number | null;
  /** The number of the page; 0: there is none yet. */
  readonly page: number;
  /** When the page's verdict and its figures were made; null: not yet. */
  readonly verdict_at: number | null;
  readonly figures_at: number | null;
  /** Whether both are of all that was there at the last look. */
  readonly page_is_current: boolean;
  /** Why nothing looks any more; null: something does. */
  readonly ended: string | null;
}

export interface PageState {
  readonly number: number;
  readonly page: PageLook;
}

const NOTHING: State = {
  ...{ number: 0, sweeps: [], waiting: "it is being looked at", page_waiting: null, looked_at: null },
  ...{ page: 0, verdict_at: null, figures_at: null, page_is_current: false, ended: null },
};

/** What a look of a kind makes. */
const MADE: Readonly<Record<LookKind, readonly LookKind[]>> = {
  progress: ["progress"],
  figures: ["figures", "verdict"],
  verdict: ["verdict"],
};

const GROWN = 4; // times
const MARKED_MS = 250; // how old what is known of a file may be

export class Looks {
  readonly #worker: Worker;
  readonly #progress = new Progress();
  readonly #place: string;
  readonly #turns: Record<LookKind, Turn> = { progress: FIRST_TURN, verdict: FIRST_TURN, figures: FIRST_TURN };
  /** What is under way, and the mark of the place when it was asked for. */
  readonly #begun = new Map<LookKind, string | null>();
  #state = NOTHING;
  #page: PageState | null = null;
  /** What was there when each was last asked for, and how many trial rows these were. */
  readonly #landedAt: Partial<Record<LookKind, string>> = {};
  readonly #countAt: Partial<Record<LookKind, number>> = {};
  /** Those whose last look found no page. */
  readonly #missed = new Set<LookKind>();
  #writing: Writing = { mark: null, quietMs: 0 };
  #markedAt = Number.NEGATIVE_INFINITY;
  #writtenAt = 0;
  readonly #hear: (bug: Error) => void;
  /** The one that was heard of last: one that stays is told once. */
  #bug: string | null = null;
  /** How many looks there were: pages share them. */
  looks = 0;

  /** `hear` is told of bugs; `entry` is a module that looks as look-thread.ts does. */
  constructor(place: string, hear: (bug: Error) => void, entry = new URL("./look-thread.js", import.meta.url)) {
    this.#place = place;
    this.#hear = hear;
    this.#worker = new Worker(entry, { workerData: { place: urlOf(place) } });
    this.#worker.on("message", (answer: LookAnswer) => this.#take(answer));
    this.#worker.on("error", (error) => this.#end(error));
  }

  /** What is known; looks begin where they are due. */
  state(): State {
    for (const kind of LOOK_KINDS) this.#look(kind);
    return this.#state;
  }

  /** The page as it was last made; null: not yet. */
  page(): PageState | null {
    return this.#page;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #look(kind: LookKind): void {
    const isBeingMade = [...this.#begun.keys()].some((begun) => MADE[begun].includes(kind));
    if (isBeingMade || this.#state.ended !== null) return;
    const at = performance.now();
    const writing = this.#writingAt(at);
    if (!(kind === "progress" ? this.#isProgressDue(writing, at) : this.#isPageDue(kind, writing, at))) return;
    for (const made of MADE[kind]) {
      this.#landedAt[made] = this.#landed();
      this.#countAt[made] = this.#count();
    }
    this.#begun.set(kind, writing.mark);
    this.looks += 1;
    this.#worker.postMessage(kind);
  }

  /** Why nothing can be said may end without anything being written. */
  #isProgressDue(writing: Writing, at: number): boolean {
    const known = this.#state.waiting === null ? writing : { ...writing, mark: null };
    return isDue(this.#turns.progress, known, at);
  }

  /** A page is made anew where something has landed since; the last one at once, since nobody trains any more. */
  #isPageDue(kind: LookKind, writing: Writing, at: number): boolean {
    const { sweeps, waiting } = this.#state;
    if (waiting !== null) return false;
    if (this.#landed() === this.#landedAt[kind]) return this.#missed.has(kind) && isDue(this.#turns[kind], UNKNOWN, at);
    const isOver = sweeps.every(({ rows, there, failed }) => there + failed === rows);
    // While so much more is there than at the last look, which is seldom, a look tells much.
    const hasGrown = this.#count() >= GROWN * (this.#countAt[kind] ?? 0);
    return isOver || hasGrown || isDue(this.#turns[kind], writing, at);
  }

  #writingAt(at: number): Writing {
    if (at - this.#markedAt < MARKED_MS) return this.#writing;
    const mark = markOf(this.#place);
    if (mark !== this.#writing.mark) this.#writtenAt = at;
    this.#markedAt = at;
    this.#writing = { mark, quietMs: at - this.#writtenAt };
    return this.#writing;
  }

  #count(): number {
    return this.#state.sweeps.reduce((sum, { there }) => sum + there, 0);
  }

  /** How much is there, as one text. */
  #landed(): string {
    return JSON.stringify(this.#state.sweeps.map(({ id, rows, there, failed }) => [id, rows, there, failed]));
  }

  #take(answer: LookAnswer): void {
    const { kind, ms, bug } = answer;
    if (bug !== null && bug !== this.#bug) this.#hear(Object.assign(new Error("a look failed"), { stack: bug }));
    this.#bug = bug ?? this.#bug;
    // The first look that finds a sweep loads and compiles what later ones have, and one that fails waits for a database that is away: they are no measure of the next.
    const isFirst = kind === "progress" && this.#state.sweeps.length === 0;
    const isFailed = kind === "progress" ? answer.waiting !== null : answer.page === null;
    const ended = performance.now();
    for (const made of MADE[kind]) {
      const tookMs = made !== kind ? this.#turns[made].tookMs : isFirst || isFailed ? 0 : ms;
      this.#turns[made] = after(made, this.#begun.get(kind) ?? null, tookMs, ended, availableParallelism());
    }
    this.#begun.delete(kind);
    this.#state = { ...this.#state, ...this.#found(answer, ended), number: this.#state.number + 1 };
    const isCurrent = MADE.figures.every(
      (of) => this.#landedAt[of] === this.#landed() && !this.#begun.has(of) && !this.#missed.has(of),
    );
    this.#state = { ...this.#state, page_is_current: isCurrent };
  }

  /** What a look has changed. */
  #found(answer: LookAnswer, at: number): Partial<State> {
    const now = Date.now();
    if (answer.kind === "progress") {
      const sweeps = answer.sweeps.map((look) => this.#progress.of(look, at));
      return { sweeps, waiting: answer.waiting, looked_at: now };
    }
    const { kind, page, sentence } = answer;
    for (const made of MADE[kind])
      if (page === null) this.#missed.add(made);
      else this.#missed.delete(made);
    if (page === null) return { page_waiting: sentence };
    this.#page = { number: (this.#page?.number ?? 0) + 1, page };
    const made = answer.kind === "figures" ? { verdict_at: now, figures_at: now } : { verdict_at: now };
    return { page_waiting: sentence, page: this.#page.number, ...made };
  }

  /** The thread has ended, as it does of too little memory. */
  #end(error: Error): void {
    const ended = `the server has ceased to look (${withoutPasswords(error.message)}): start gmm-sweep serve again`;
    this.#state = { ...this.#state, ended, number: this.#state.number + 1 };
  }
}
