/** Queries of pages: each in a process of its own, that is ended when it takes too long, when its page has left, or when enough is read. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { urlOf } from "../files/places.js";
import type { QueryAsked } from "./query-child.js";

export interface Limits {
  readonly queryMs: number;
  /** Queries of all pages at once. */
  readonly atOnce: number;
}

/** How a query ended: null where all of it was read. */
export type QueryEnd = string | null;

/** Hears lines as text; false: it has enough. The query waits for it. */
export type Take = (text: string) => boolean | Promise<boolean>;

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

  /** Runs one. Resolves, once the process is gone, to null or to a sentence. `stop` ends it. */
  async run(asked: Pick<QueryAsked, "sql" | "format">, take: Take, stop: AbortSignal): Promise<QueryEnd> {
    const { queryMs, atOnce } = this.#limits;
    if (this.#running.size >= atOnce)
      return `${atOnce} queries are running already, and no more do at once: wait for one, or cancel it`;
    // By the end of its input the process hears that its server has gone, however that went.
    const child = fork(new URL("./query-child.js", import.meta.url), { stdio: ["pipe", "pipe", "ignore", "ipc"] });
    this.#running.add(child);
    const gone = goneOf(child);
    const ending = new AbortController();
    const late = `it took longer than ${queryMs / 1000} s and was stopped: narrow it, or raise --query-seconds`;
    const timer = setTimeout(() => ending.abort(late), queryMs);
    const stopped = (): void => ending.abort("it was cancelled");
    stop.addEventListener("abort", stopped, { once: true });
    if (stop.aborted) stopped();
    const cut = cutBy(ending.signal);
    try {
      // What a process that has ended is sent is lost, which its end tells.
      child.send({ place: urlOf(this.#place), ...asked }, () => {});
      return await Promise.race([cut, answerOf(child, gone, take)]);
    } finally {
      clearTimeout(timer);
      stop.removeEventListener("abort", stopped);
      child.kill("SIGKILL");
      await gone;
      this.#running.delete(child);
    }
  }

  /** Ends all. */
  close(): void {
    for (const child of this.#running) child.kill("SIGKILL");
  }
}

/** Resolves when the process has ended, or has not begun at all. */
function goneOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.on("error", () => {
      if (child.pid === undefined) resolve();
    });
  });
}

function cutBy(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const said = (): void => resolve(String(signal.reason));
    if (signal.aborted) said();
    else signal.addEventListener("abort", said, { once: true });
  });
}

/** Reads what the process writes, and then what it says of it. */
async function answerOf(child: ChildProcess, gone: Promise<void>, take: Take): Promise<QueryEnd> {
  let sentence: QueryEnd = "the query ended without an answer";
  child.on("message", (message: { readonly sentence: QueryEnd }) => {
    sentence = message.sentence;
  });
  // Nothing that it has said comes after this.
  const silent = child.connected ? once(child, "disconnect") : Promise.resolve();
  if (child.stdout !== null && !(await isAllTaken(child.stdout, take))) return null;
  await Promise.all([gone, silent]);
  return sentence;
}

async function isAllTaken(stream: Readable, take: Take): Promise<boolean> {
  stream.setEncoding("utf8");
  for await (const text of stream as AsyncIterable<string>) if (!(await take(text))) return false;
  return true;
}
