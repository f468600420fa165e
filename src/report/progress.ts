/** Progress on stderr: a line that is written over on a terminal, or two where one is too narrow; a line now and then in a pipe. */
import type { Observer, Progress } from "../run/events.js";
import type { Outcome } from "../trial.js";
import { Pace, type Speed } from "./pace.js";

/** A terminal, or a pipe or file in its place. */
export type Screen = Pick<NodeJS.WriteStream, "isTTY" | "columns"> & { write(text: string): unknown };

const TERMINAL_INTERVAL_MS = 100;
const PIPE_FIRST_MS = 4_000;
const PIPE_INTERVAL_MS = 60_000; // a night in a file is some hundred lines
const TICK_MS = 1_000; // long trainings land nothing for a while

/** How far a run is: what `speed` says of the time that is left, null: it cannot be known yet; `more` stands at the end. */
export function progressParts(
  { landed, missing }: Progress,
  copies: number,
  speed: Speed | null,
  more: readonly string[] = [],
): string[] {
  const rows = `${landed.rows}/${missing.rows} trial rows`;
  const parts = [
    `${landed.trajectories}/${missing.trajectories} trajectories`,
    copies === 0 ? rows : `${rows} (${copies} of them copies)`,
  ];
  if (speed !== null && speed.epochs > 0) {
    const { trajectories } = speed;
    parts.push(`${trajectories.toFixed(trajectories < 10 ? 1 : 0)} trajectories/s`);
    // By epochs, since trajectories differ in length.
    parts.push(`${duration(((missing.epochs - landed.epochs) / speed.epochs) * 1000)} left`);
  }
  return [...parts, ...more];
}

/** How long something not begun will take, in a sentence. */
export function roughly(ms: number): string {
  return ms < 1000 ? "less than 1 s" : `about ${duration(ms)}`;
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

export interface ProgressOptions {
  /** Where results land. */
  readonly file: string;
  /** Says what stands at the end of a line; it is asked only when one is due. */
  readonly more: () => readonly string[];
}

/** Writes progress to `stream`, at most every so often, and clears it when done; it is an observer. */
export class ProgressPrinter {
  readonly #stream: Screen;
  readonly #options: ProgressOptions;
  #progress: Progress | null = null;
  /** Trial rows that landed without being trained. */
  #copies = 0;
  #pace = new Pace(1);
  /** When the next line may be written. */
  #due = Number.POSITIVE_INFINITY;
  #ticks: NodeJS.Timeout | null = null;
  /** On the terminal now; the cursor stands in the first of them. */
  #lines = 0;

  constructor(stream: Screen, options: ProgressOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  readonly observe: Observer = (event) => {
    switch (event.kind) {
      case "opened":
        this.#progress = { landed: { rows: 0, trajectories: 0, epochs: 0 }, missing: event.missing };
        return;
      case "started":
        return this.#start(event.runner.lanes);
      case "landed":
        return this.#land(event.outcomes, event.progress);
      case "stopping":
      case "lane lost":
        return this.#clear();
      case "ended":
        if (this.#ticks !== null) clearInterval(this.#ticks);
        return this.#clear();
      case "second try":
        return;
    }
  };

  #start(lanes: number): void {
    this.#pace = new Pace(lanes);
    this.#due = performance.now() + (this.#stream.isTTY ? 0 : PIPE_FIRST_MS);
    this.#ticks = setInterval(() => this.#update(), TICK_MS);
    this.#ticks.unref();
  }

  #land(outcomes: readonly Outcome[], progress: Progress): void {
    this.#progress = progress;
    let trainingMs = 0;
    for (const outcome of outcomes) {
      if (outcome.state === "failed") continue;
      trainingMs += outcome.elapsedMs;
      if (outcome.wanted) this.#copies += outcome.rows.length * outcome.spec.copies;
    }
    this.#pace.land(performance.now(), progress.landed, trainingMs);
    this.#update();
  }

  #update(): void {
    const now = performance.now();
    if (this.#progress === null || now < this.#due) return;
    const { file, more } = this.#options;
    const speed = this.#pace.speed(now);
    const parts = [file, ...progressParts(this.#progress, this.#copies, speed, more())];
    if (this.#stream.isTTY) this.#draw(linesOf(parts, this.#stream.columns));
    else this.#stream.write(`${parts.join("  ")}\n`);
    this.#due = now + (this.#stream.isTTY ? TERMINAL_INTERVAL_MS : PIPE_INTERVAL_MS);
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
