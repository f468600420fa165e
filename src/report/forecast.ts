/** A forecast as text. */
import { RECORDS } from "../plan/plan.js";
import type { Forecast } from "../run/forecast.js";
import { roughly } from "./progress.js";
import { beside } from "./wrap.js";

export function forecastText(forecast: Forecast, columns: number | null = null): string {
  const { epochs, naiveEpochs, naiveEpochsWithStarts } = forecast;
  const lines = [
    ["cells", whole(forecast.cells)],
    ["trial rows", `${whole(forecast.trialRows)}, of which ${finishedText(forecast)}`],
    ["trajectories", whole(forecast.trajectories)],
    ["epochs", `${whole(epochs)}, of which ${whole(forecast.epochsLeft)} are to be trained now`],
    ["a naive runner", `${whole(naiveEpochs)} epochs (${ratio(naiveEpochs, epochs)})`],
    [
      "",
      `${whole(naiveEpochsWithStarts)} with a start for each trial of each cell (${ratio(naiveEpochsWithStarts, epochs)})`,
    ],
    ["time", timeText(forecast)],
    ["file", RECORDS.map((record) => `${size(forecast.bytes[record])} with --record ${record}`).join(", ")],
  ];
  return lines.map(([name, text]) => beside(name.padEnd(16), text, columns)).join("");
}

/** The round that comes next of a grid that is trained in rounds, of which all else is the most that it may take. */
export interface RoundAhead {
  readonly until: string;
  readonly epochs_left: number;
}

export function roundText({ until, epochs_left }: RoundAhead, columns: number | null = null): string {
  return beside("rounds".padEnd(16), `${until}: ${whole(epochs_left)} epochs; all of the above is the most`, columns);
}

/** The same as JSON. */
export function forecastObject(forecast: Forecast): object {
  return {
    cells: forecast.cells,
    trial_rows: forecast.trialRows,
    trajectories: forecast.trajectories,
    epochs: forecast.epochs,
    naive_epochs: forecast.naiveEpochs,
    naive_epochs_with_starts: forecast.naiveEpochsWithStarts,
    finished_rows: forecast.finishedRows,
    failed_rows: forecast.failedRows,
    epochs_left: forecast.epochsLeft,
    ms_per_epoch: forecast.msPerEpoch,
    threads: forecast.threads,
    seconds_left: forecast.secondsLeft,
    bytes: Object.fromEntries(RECORDS.map((record) => [record, Math.ceil(forecast.bytes[record])])),
  };
}

function finishedText({ finishedRows, failedRows }: Forecast): string {
  const failed = failedRows === 0 ? "" : `, ${whole(failedRows)} failed (--retry-failed trains them again)`;
  return `${whole(finishedRows)} are finished${failed}`;
}

function timeText({ epochsLeft, secondsLeft, msPerEpoch, threads }: Forecast): string {
  if (epochsLeft === 0) return "none: there is nothing to train";
  const time = roughly(secondsLeft * 1000);
  const milliseconds = Number(msPerEpoch.toPrecision(3));
  return `${time} on ${threads} ${threads === 1 ? "thread" : "threads"} (${milliseconds} ms an epoch, measured here)`;
}

function whole(value: number): string {
  return value.toLocaleString("en-US");
}

function ratio(more: number, less: number): string {
  return `${(more / less).toFixed(1)} times as many`;
}

function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
