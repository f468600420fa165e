/** Who trains a sweep, how far they are, and what none of them survived, as text. */
import { escaped } from "../printable.js";
import { type Aside, type StoredWorker, type Up, VANISHED_MS } from "../store/queue.js";
import { duration } from "./progress.js";
import { tableWithin } from "./table.js";

/** What is up of a sweep, and how long it takes at the pace of those who work. */
export function upText({ waiting, leased, rows, epochs }: Up, workers: readonly StoredWorker[]): string {
  if (waiting + leased === 0) return "nothing of it is left to workers\n";
  const speed = workers.filter(isAtWork).reduce((sum, worker) => sum + worker.speed, 0);
  const left = speed > 0 ? `, ${duration((1000 * epochs) / speed)} left` : "";
  return `${rows} trial rows are left to workers: ${waiting} chunks wait, ${leased} are being trained${left}\n`;
}

/** Those that work, and those that came to no end: who ended in order is of the past. */
export function workersText(workers: readonly StoredWorker[], width: number): string {
  const shown = workers.filter(({ ending }) => ending === null);
  if (shown.length === 0) return "no worker is there: gmm-sweep worker is one\n";
  // Where all are of one version, nobody asks which.
  const areMixed = new Set(shown.map(({ version }) => version)).size > 1;
  const header = [
    "worker",
    "machine",
    "process",
    "at once",
    "chunks",
    "trial rows",
    "epochs/s",
    "heard of",
    ...(areMixed ? ["version"] : []),
  ];
  const rows = shown.map((worker) => [
    ...[worker.id, escaped(worker.machine), worker.pid, worker.lanes, worker.chunks, worker.rows],
    isAtWork(worker) ? worker.speed.toFixed(worker.speed < 10 ? 1 : 0) : "vanished",
    `${duration(worker.seenMs)} ago`,
    ...(areMixed ? [escaped(worker.version)] : []),
  ]);
  return `${tableWithin(width, header, rows)}`;
}

export function asideText(aside: readonly Aside[]): string {
  return aside
    .map(
      ({ trajectory, losses }) =>
        `put aside after ${losses} workers that trained it did not survive: ${escaped(trajectory)}\n`,
    )
    .join("");
}

function isAtWork({ ending, seenMs }: StoredWorker): boolean {
  return ending === null && seenMs < VANISHED_MS;
}
