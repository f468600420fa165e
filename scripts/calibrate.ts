/** `npm run calibrate`: the size of each test and the coverage of each interval, over simulated null data sets. */
import { parseArgs } from "node:util";
import { stream } from "../src/data/streams.js";
import { alignedTable } from "../src/report/table.js";
import { binomialQuantile } from "../src/stats/binomial.js";
import { TRIALS, type Trial } from "./calibrate/trials.js";

const SETS = 10_000;
const BAND = 0.999; // of the numbers that a test of exactly its level would give
const HELP = `usage: npm run calibrate -- [--sets N] [--only TEXT]
  --sets N     data sets for each line [default: ${SETS}]
  --only TEXT  only the lines that contain TEXT
A line's band holds ${BAND * 100} % of what a test of exactly its level, or an interval of exactly its confidence, would give.
Exit codes: 0 no test exceeds its level and no interval misses its confidence beyond its band, but for those whose reason stands beside them; 1 one does; 2 the command line is not as it must be.
`;

process.exitCode = main();

function main(): number {
  const options = read();
  if (typeof options === "string") {
    process.stderr.write(`calibrate: ${options}: npm run calibrate -- --help lists the options\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const found = TRIALS.filter(({ what }) => what.includes(options.only)).map((trial) => measure(trial, options.sets));
  const rows = found.map(({ trial, share, band, ok }) => [
    ...[trial.what, trial.kind, trial.nominal.toFixed(3), share.toFixed(4)],
    ...[
      `${trial.kind === "size" ? "≤" : "≥"} ${band.toFixed(4)}`,
      ok ? "ok" : trial.known === null ? "MISSES" : "known",
    ],
  ]);
  process.stdout.write(alignedTable(["statistic", "what", "nominal", "found", "band", ""], rows));
  for (const { trial, ok } of found)
    if (!ok && trial.known !== null) process.stdout.write(`${trial.what}: ${trial.known}\n`);
  return found.some(({ trial, ok }) => !ok && trial.known === null) ? 1 : 0;
}

interface Options {
  readonly sets: number;
  readonly only: string;
  readonly help: boolean;
}

function read(): Options | string {
  try {
    const { values } = parseArgs({
      options: { sets: { type: "string" }, only: { type: "string" }, help: { type: "boolean" } },
    });
    const sets = Number(values.sets ?? SETS);
    if (!Number.isInteger(sets) || sets < 1) return `--sets must be a whole number from 1 up, got ${values.sets}`;
    return { sets, only: values.only ?? "", help: values.help ?? false };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Found {
  readonly trial: Trial;
  readonly share: number;
  readonly band: number;
  readonly ok: boolean;
}

function measure(trial: Trial, sets: number): Found {
  process.stderr.write(`${trial.what}\n`);
  const random = stream("calibrate", trial.what);
  let times = 0;
  for (let i = 0; i < sets; i++) if (trial.happens(random)) times += 1;
  const share = times / sets;
  if (trial.kind === "size") {
    const band = binomialQuantile(BAND, sets, trial.nominal) / sets;
    return { trial, share, band, ok: share <= band };
  }
  const band = binomialQuantile(1 - BAND, sets, trial.nominal) / sets;
  return { trial, share, band, ok: share >= band };
}
