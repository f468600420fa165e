/** What ends a training from outside: Ctrl-C, SIGTERM, and SIGHUP unless it is to be ignored. */
import { basename, join } from "node:path";
import type { Observer } from "../run/events.js";
import { procText } from "../run/proc.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Signal = (typeof SIGNALS)[number];

/** One Ctrl-C under npx comes twice where its shell is bash: from the terminal, and from npm. */
const REPEAT_MS = 500;

export interface SignalOptions {
  /** Where signals come from: the process. */
  readonly source: {
    on(signal: Signal, listener: (signal: Signal) => void): unknown;
    off(signal: Signal, listener: (signal: Signal) => void): unknown;
  };
  /** In milliseconds. */
  readonly clock: () => number;
  readonly hangupIgnored: boolean;
  /** Ends the process, where nothing else does what a signal asks for. */
  readonly giveUp: (signal: Signal) => void;
}

/** Hears signals from now until it is closed, and stops the run that it observes. */
export class Signals {
  readonly #options: SignalOptions;
  readonly #heard: readonly Signal[];
  #last = Number.NEGATIVE_INFINITY;
  /** Of those that counted. */
  #count = 0;
  /** The first, where nothing could be stopped yet. */
  #early: Signal | null = null;
  /** Null: nothing is being trained. */
  #stop: ((signal: string) => void) | null = null;
  /** Whether nothing will be. */
  #isOver = false;

  constructor(options: SignalOptions) {
    this.#options = options;
    this.#heard = SIGNALS.filter((signal) => signal !== "SIGHUP" || !options.hangupIgnored);
    for (const signal of this.#heard) options.source.on(signal, this.#hear);
  }

  readonly observe: Observer = (event) => {
    if (event.kind === "started") this.stops(event.stop);
    // Another round may come: what is heard until then stops that.
    if (event.kind === "ended") this.#stop = null;
  };

  /** What the signals stop from now on; one that came before stops it at once. */
  stops(stop: (signal: string) => void): void {
    this.#stop = stop;
    const early = this.#early;
    this.#early = null;
    if (early !== null) stop(early);
  }

  /** Nothing is trained any more: a signal that was to stop what came next ends the process, as all do from now on. */
  over(): void {
    this.#isOver = true;
    if (this.#early !== null) this.#options.giveUp(this.#early);
  }

  close(): void {
    for (const signal of this.#heard) this.#options.source.off(signal, this.#hear);
  }

  /** The first lets running trajectories end, the second gives them up; a third one waits for nothing. */
  readonly #hear = (signal: Signal): void => {
    const now = this.#options.clock();
    if (now - this.#last < REPEAT_MS) return;
    this.#last = now;
    this.#count += 1;
    if (this.#stop !== null && this.#count <= 2) this.#stop(signal);
    else if (this.#count === 1 && !this.#isOver) this.#early = signal;
    else this.#options.giveUp(signal);
  };
}

/** What says whether this process was started to ignore SIGHUP. */
export interface Birth {
  /** The last command of the shell, which nohup leaves as it is. */
  readonly command: string | undefined;
  /** Linux' /proc, or what stands in its place. */
  readonly proc: string;
  readonly parent: number;
}

/**
 * Whether this process was started to go on when its terminal is closed, by nohup or by a shell that ignores SIGHUP. Node
 * makes every signal end the process again before the first line of a program runs, so it is to be seen by what nohup
 * and a shell leave behind.
 */
export function hangupIgnored({ command, proc, parent }: Birth): boolean {
  if (basename(command ?? "") === "nohup") return true;
  // nohup makes what was a terminal an stdin that cannot be read.
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(procText(join(proc, "self", "fdinfo", "0"))) ?? [];
  if (flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) === WRITE_ONLY) return true;
  const [, ignored] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(procText(join(proc, String(parent), "status"))) ?? [];
  return ignored !== undefined && (BigInt(`0x${ignored}`) & HANGUP_BIT) !== 0n;
}

// open(2) and signal(7) of Linux.
const ACCESS_MODE = 0o3;
const WRITE_ONLY = 0o1;
const HANGUP_BIT = 1n;

/** How this process was born. */
export function birth(): Birth {
  return { command: process.env["_"], proc: "/proc", parent: process.ppid };
}
