/** A forecast as text. */
import type { Forecast } from "../forecast.js";
import { RECORDS } from "../store/contract.js";
import { duration } from "./progress.js";

export function forecastText(forecast: Forecast, workers: number): string {
  const { epochs, naiveEpochs, naiveEpochsWithStarts, epochsLeft } = forecast;
  const lines = [
    ["cells", whole(forecast.cells)],
    ["trial rows", `${whole(forecast.trialRows)}, of which ${whole(forecast.finishedRows)} are finished`],
    ["trajectories", whole(forecast.trajectories)],
    ["epochs", `${whole(epochs)}, of which ${whole(epochsLeft)} are to be trained now`],
    [
      "a naive runner",
      `${whole(naiveEpochs)} epochs (${ratio(naiveEpochs, epochs)}), and ${whole(naiveEpochsWithStarts)} (${ratio(naiveEpochsWithStarts, epochs)}) with a start for each trial of each cell`,
    ],
    [
      "time",
      `about ${duration(forecast.secondsLeft * 1000)} on ${workers} ${workers === 1 ? "thread" : "threads"} (${forecast.msPerEpoch.toFixed(3)} ms an epoch, measured here)`,
    ],
    ["file", RECORDS.map((record) => `${megabytes(forecast.bytes[record])} with --record ${record}`).join(", ")],
  ];
  return lines.map(([name, text]) => `${name.padEnd(16)}${text}\n`).join("");
}

function whole(value: number): string {
  return value.toLocaleString("en-US");
}

function ratio(more: number, less: number): string {
  return `${(more / less).toFixed(1)} times as many`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
