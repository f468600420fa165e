/** Queries of pages: each in a process of its own, that is ended when it takes too long, when its page has left, or when enough is read. */
import { type ChildProcess, fork } from "node:child_process";
import type { QueryAsked } from "./query-child.js";

export interface Limits {
  readonly queryMs: number;
  /** Queries of all pages at once. */
  readonly atOnce: number;
}

/** How a query ended: null where all of it was read. */
export type QueryEnd = string | null;

export class Queries {
  readonly #place: string;
  readonly #limits: Limits;
  readonly #running = new Set<ChildProcess>();

  constructor(place: string, limits: Limits) {
    this.#place = place;
    this.#limits = limits;
  }

  /** How many run. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Runs one; `take` hears its lines as text, and returns false where it has enough. Resolves, once the process is gone,
   * to null or to a sentence. `stop` ends it.
   */
  async run(
    asked: Pick<QueryAsked, "sql" | "format">,
    take: (text: string) => boolean,
    stop: AbortSignal,
  ): Promise<QueryEnd> {
    const { queryMs, atOnce } = this.#limits;
    if (this.#running.size >= atOnce)
      return `${atOnce} queries are running already, and no more do at once: wait for one, or cancel it`;
    const child = fork(new URL("./query-child.js", import.meta.url), { stdio: ["ignore", "pipe", "ignore", "ipc"] });
    this.#running.add(child);
    let sentence: QueryEnd = "the query ended without an answer";
    const end = (said: QueryEnd): void => {
      sentence = said;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(
      () => end(`it took longer than ${queryMs / 1000} s and was stopped: narrow it, or raise --query-seconds`),
      queryMs,
    );
    const stopped = (): void => end("it was cancelled");
    stop.addEventListener("abort", stopped, { once: true });
    child.on("message", (message: { readonly sentence: QueryEnd }) => {
      sentence = message.sentence;
    });
    child.stdout?.setEncoding("utf8");
    child.stdout?.on("data", (text: string) => {
      if (!take(text)) end(null);
    });
    if (stop.aborted) stopped();
    else child.send({ place: this.#place, ...asked });
    await new Promise<void>((resolve) => child.once("close", () => resolve()));
    clearTimeout(timer);
    stop.removeEventListener("abort", stopped);
    this.#running.delete(child);
    return sentence;
  }

  /** Ends all. */
  close(): void {
    for (const child of this.#running) child.kill("SIGKILL");
  }
}
