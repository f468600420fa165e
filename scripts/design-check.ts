/** `npm run design-check`: whether sweeps that are extended as `gmm-sweep plan` says reach what it promises, over simulated pilots of known variances. */
import { parseArgs } from "node:util";
import { stream } from "../src/data/streams.js";
import { alignedTable } from "../src/report/table.js";
import { binomialQuantile } from "../src/stats/binomial.js";
import { quantile } from "../src/stats/moments.js";
import { type Case, type Outcome, simulated } from "./design/sweeps.js";

const SWEEPS = 1000;
const BAND = 0.999; // of the shares that a promise which is kept exactly would give
const PROMISED: Readonly<Record<Case["goal"], number>> = { "half-width": 0.9, power: 0.8 };
const HELP = `usage: npm run design-check -- [--sweeps N] [--only TEXT]
  --sweeps N   simulated sweeps for each line [default: ${SWEEPS}]
  --only TEXT  only the lines whose name, as it goes by, contains TEXT
A line's band holds ${BAND * 100} % of the shares that a promise which is kept exactly would give.
Exit codes: 0 each promise is kept; 1 one is not; 2 the command line is not as it must be.
`;

const RATIOS = [0, 0.3, 1, 3];
const PILOTS = [5, 10, 20];
const TRIALS = 5;

const CASES: readonly Case[] = [
  ...RATIOS.flatMap((ratio) =>
    PILOTS.map((draws): Case => ({ ratio, draws, trials: TRIALS, byDraws: true, goal: "half-width" })),
  ),
  ...[0, 0.1].map((ratio): Case => ({ ratio, draws: 20, trials: TRIALS, byDraws: false, goal: "half-width" })),
  ...RATIOS.map((ratio): Case => ({ ratio, draws: 10, trials: TRIALS, byDraws: true, goal: "power" })),
];

process.exitCode = main();

function main(): number {
  const options = read();
  if (typeof options === "string") {
    process.stderr.write(`design-check: ${options}: npm run design-check -- --help lists the options\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const found = CASES.filter((of) => nameOf(of).includes(options.only)).map((of) => measure(of, options.sweeps));
  const header = [
    "σ draw / σ trial",
    "pilot",
    "adds",
    "goal",
    "planned",
    "out of reach",
    "kept",
    "promised",
    "band",
    "",
  ];
  process.stdout.write(alignedTable(header, found.map(rowOf)));
  return found.every(({ ok }) => ok) ? 0 : 1;
}

interface Options {
  readonly sweeps: number;
  readonly only: string;
  readonly help: boolean;
}

function read(): Options | string {
  try {
    const { values } = parseArgs({
      options: { sweeps: { type: "string" }, only: { type: "string" }, help: { type: "boolean" } },
    });
    const sweeps = Number(values.sweeps ?? SWEEPS);
    if (!Number.isInteger(sweeps) || sweeps < 1)
      return `--sweeps must be a whole number from 1 up, got ${values.sweeps}`;
    return { sweeps, only: values.only ?? "", help: values.help ?? false };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function nameOf({ ratio, draws, byDraws, goal }: Case): string {
  return `${goal}, σ draw / σ trial ${ratio}, a pilot of ${draws} draws, more ${byDraws ? "draws" : "trials"}`;
}

interface Found {
  readonly of: Case;
  readonly planned: readonly Outcome[];
  readonly outOfReach: number;
  readonly share: number;
  readonly band: number;
  readonly ok: boolean;
}

function measure(of: Case, sweeps: number): Found {
  const { ratio, draws, byDraws, goal } = of;
  process.stderr.write(`${nameOf(of)}\n`);
  const random = stream("design-check", goal, ratio, draws, byDraws ? "draws" : "trials");
  const planned = Array.from({ length: sweeps }, () => simulated(of, random)).filter((outcome) => outcome !== null);
  const share = planned.filter(({ isMet }) => isMet).length / planned.length;
  const band = binomialQuantile(1 - BAND, planned.length, PROMISED[goal]) / planned.length;
  return { of, planned, outOfReach: sweeps - planned.length, share, band, ok: share >= band };
}

function rowOf({ of, planned, outOfReach, share, band, ok }: Found): (string | number)[] {
  const { ratio, draws, trials, byDraws, goal } = of;
  const median = Math.round(
    quantile(
      planned.map((outcome) => (byDraws ? outcome.draws : outcome.trials)),
      0.5,
    ),
  );
  return [
    ...[ratio, `${draws} × ${trials}`, byDraws ? "draws" : "trials", goal],
    ...[byDraws ? `${median} × ${trials}` : `${draws} × ${median}`, outOfReach],
    ...[share.toFixed(3), PROMISED[goal].toFixed(2), `≥ ${band.toFixed(3)}`, ok ? "ok" : "MISSES"],
  ];
}
