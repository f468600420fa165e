/** Progress on stderr: a line that is written over on a terminal, or two where one is too narrow; a line now and then in a pipe. */
import type { Observer, Progress } from "../run/events.js";

/** A terminal, or a pipe or file in its place. */
export type Screen = Pick<NodeJS.WriteStream, "isTTY" | "columns"> & { write(text: string): unknown };

const TERMINAL_INTERVAL_MS = 100;
const PIPE_INTERVAL_MS = 60_000; // a night in a file is some hundred lines

/** How far a run is, `elapsedMs` after it began; `more` stands at the end. */
export function progressLine(progress: Progress, elapsedMs: number, more: readonly string[] = []): string {
  return progressParts(progress, elapsedMs, more).join("  ");
}

function progressParts({ landed, missing }: Progress, elapsedMs: number, more: readonly string[]): string[] {
  const perSecond = (landed.trajectories / elapsedMs) * 1000;
  // By epochs, since trajectories differ in length; the whole past, so that it settles.
  const left = landed.epochs === 0 ? "?" : duration((elapsedMs / landed.epochs) * (missing.epochs - landed.epochs));
  const parts = [
    `${landed.rows}/${missing.rows} trials`,
    `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} trajectories/s`,
    `ETA ${left}`,
  ];
  return [...parts, ...more];
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** The parts of a line in lines that a terminal does not wrap, since those cannot be written over. Some terminals do not say their width. */
function linesOf(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = lines.length === 0 ? part : `${lines[lines.length - 1]}  ${part}`;
    if (lines.length > 0 && columns > 0 && longer.length >= columns) lines.push(part);
    else lines[Math.max(0, lines.length - 1)] = longer;
  }
  return columns > 0 ? lines.map((line) => line.slice(0, columns - 1)) : lines;
}

/** Writes progress to `stream`, at most every so often, and clears it when done; it is an observer. */
export class ProgressPrinter {
  readonly #stream: Screen;
  readonly #more: () => readonly string[];
  readonly #began = performance.now();
  #last: number;
  /** On the terminal now; the cursor stands in the first of them. */
  #lines = 0;

  /** `more` says what stands at the end of a line; it is asked only when one is due. */
  constructor(stream: Screen, more: () => readonly string[] = () => []) {
    this.#stream = stream;
    this.#more = more;
    this.#last = stream.isTTY ? Number.NEGATIVE_INFINITY : this.#began;
  }

  readonly observe: Observer = (event) => {
    if (event.kind === "landed") this.#update(event.progress);
    else if (event.kind === "stopping" || event.kind === "lane lost" || event.kind === "ended") this.#clear();
  };

  #update(progress: Progress): void {
    const now = performance.now();
    if (now - this.#last < (this.#stream.isTTY ? TERMINAL_INTERVAL_MS : PIPE_INTERVAL_MS)) return;
    this.#last = now;
    const elapsedMs = now - this.#began;
    if (this.#stream.isTTY) this.#draw(linesOf(progressParts(progress, elapsedMs, this.#more()), this.#stream.columns));
    else this.#stream.write(`${progressLine(progress, elapsedMs, this.#more())}\n`);
  }

  #draw(lines: readonly string[]): void {
    this.#clear();
    const up = lines.length > 1 ? `\x1b[${lines.length - 1}A` : "";
    this.#stream.write(`\r${lines.join("\n")}\x1b[K${up}`);
    this.#lines = lines.length;
  }

  /** Clears what stands on the terminal. */
  #clear(): void {
    if (this.#lines > 0) this.#stream.write(this.#lines > 1 ? "\r\x1b[J" : "\r\x1b[K");
    this.#lines = 0;
  }
}
