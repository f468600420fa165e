/** Progress on stderr: one line that is written over on a terminal, a line now and then in a pipe. */
import type { Progress } from "../coordinator.js";

const TERMINAL_INTERVAL_MS = 100;
const PIPE_INTERVAL_MS = 10_000;

/** How far a run is, `elapsedMs` after it began; `extra` stands at the end. */
export function progressLine({ landed, missing }: Progress, elapsedMs: number, extra: readonly string[] = []): string {
  const perSecond = (landed.trajectories / elapsedMs) * 1000;
  // By epochs, since trajectories differ in length; the whole past, so that it settles.
  const left = landed.epochs === 0 ? "?" : duration((elapsedMs / landed.epochs) * (missing.epochs - landed.epochs));
  const parts = [
    `${landed.rows}/${missing.rows} trials`,
    `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} trajectories/s`,
    `ETA ${left}`,
  ];
  return [...parts, ...extra].join("  ");
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** Writes progress to `stream`, at most every so often, and clears its line when done. */
export class ProgressPrinter {
  readonly #stream: NodeJS.WriteStream;
  readonly #began = performance.now();
  #last: number;
  #open = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#last = stream.isTTY ? Number.NEGATIVE_INFINITY : this.#began;
  }

  /** `extra` is asked for only when a line is due. */
  update(progress: Progress, extra: () => readonly string[] = () => []): void {
    const now = performance.now();
    if (now - this.#last < (this.#stream.isTTY ? TERMINAL_INTERVAL_MS : PIPE_INTERVAL_MS)) return;
    this.#last = now;
    const line = progressLine(progress, now - this.#began, extra());
    this.#stream.write(this.#stream.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
    this.#open = this.#stream.isTTY;
  }

  end(): void {
    if (this.#open) this.#stream.write("\r\x1b[K");
    this.#open = false;
  }
}
