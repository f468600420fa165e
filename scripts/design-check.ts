/** `npm run design-check`: whether sweeps that are extended as `gmm-sweep plan` says reach what it promises, over simulated pilots of known variances. */
import { stream } from "../src/data/streams.js";
import { binomialQuantile } from "../src/stats/binomial.js";
import { quantile } from "../src/stats/moments.js";
import { type Case, type Outcome, simulated } from "./design/sweeps.js";
import { BAND, type Measured, simulate } from "./simulation.js";

const PROMISED: Readonly<Record<Case["goal"], number>> = { "half-width": 0.9, power: 0.8 };

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

process.exitCode = simulate({
  name: "design-check",
  counted: { option: "sweeps", of: "simulated sweeps", usual: 1000 },
  band: "a promise that is kept exactly",
  good: "no line keeps its promise in fewer sweeps than its band allows",
  header: ["σ draw / σ trial", "pilot", "adds", "goal", "planned", "out of reach", "kept", "promised", "band"],
  lines: CASES.map((of) => ({ what: nameOf(of), measured: (sweeps) => [measure(of, sweeps)] })),
});

function nameOf({ ratio, draws, byDraws, goal }: Case): string {
  return `${goal}, σ draw / σ trial ${ratio}, a pilot of ${draws} draws, more ${byDraws ? "draws" : "trials"}`;
}

function measure(of: Case, sweeps: number): Measured {
  const { ratio, draws, byDraws, goal } = of;
  const random = stream("design-check", goal, ratio, draws, byDraws ? "draws" : "trials");
  const planned = Array.from({ length: sweeps }, () => simulated(of, random)).filter((outcome) => outcome !== null);
  const share = planned.filter(({ isMet }) => isMet).length / planned.length;
  const band = binomialQuantile(1 - BAND, planned.length, PROMISED[goal]) / planned.length;
  const row = [
    ...plannedCells(of, planned, sweeps),
    ...[share.toFixed(3), PROMISED[goal].toFixed(2), `≥ ${band.toFixed(3)}`],
  ];
  return { row, ok: share >= band, isKnown: false, told: [] };
}

function plannedCells(
  { ratio, draws, trials, byDraws, goal }: Case,
  planned: readonly Outcome[],
  sweeps: number,
): (string | number)[] {
  const counts = planned.map((outcome) => (byDraws ? outcome.draws : outcome.trials));
  const median = Math.round(quantile(counts, 0.5));
  return [
    ...[ratio, `${draws} × ${trials}`, byDraws ? "draws" : "trials", goal],
    ...[byDraws ? `${median} × ${trials}` : `${draws} × ${median}`, sweeps - planned.length],
  ];
}
