/** A plan of what to run next, as text and as JSON. */
import type { CellKey } from "../plan/cell.js";
import { ENDPOINTS, type Endpoint } from "../plan/question.js";
import type { Design, DesignCell } from "../verdict/design.js";
import type { Component } from "../verdict/pilot.js";
import type { Choice } from "../verdict/planner.js";
import { duration, roughly } from "./progress.js";
import { type Cell, tableWithin } from "./table.js";
import { count, endpointName } from "./verdict-words.js";
import { TOGETHER, wrapped } from "./wrap.js";

interface Of {
  readonly sweep: number;
  readonly setting: CellKey;
  /** Null where it is not known. */
  readonly msPerEpoch: number | null;
  readonly threads: number;
}

/** The plan of a setting. */
interface Planned extends Of {
  readonly design: Design;
  readonly refused: null;
  readonly next: Next;
}

/** Why a setting has none. */
interface Refused extends Of {
  readonly design: null;
  readonly refused: string;
}

export type DesignReport = Planned | Refused;

/** How to go on. */
export interface Next {
  /** What trains what is planned; null where nothing is planned, or all of it is there. */
  readonly command: string | null;
  /** Why draws cannot be added by their seeds; null: they can. */
  readonly fixed: "imported" | "run" | null;
  /** What brings a pilot over draws; null where this is one, or there is no such command. */
  readonly overDraws: string | null;
}

const PERCENT = 100;
const WHAT: Readonly<Record<DesignCell["what"], string>> = {
  planned: "planned",
  "do nothing": "do nothing",
  "most variable": "widest",
};

/** `isAlone`: nothing else is printed that it could be mistaken for. */
export function designText(report: DesignReport, isAlone: boolean, width: number): string {
  const heading = isAlone ? "" : `${said(`sweep ${report.sweep}: ${settingText(report.setting)}`, width)}\n`;
  return heading + (report.design === null ? said(`no plan: ${report.refused}`, width) : plannedText(report, width));
}

function plannedText(planned: Planned, width: number): string {
  const { design, next } = planned;
  const parts = [
    said(pilotText(design), width),
    componentsText(design, width),
    ...goalTexts(planned).map((text) => said(text, width)),
    ...commandText(next.command),
    ...aloneTexts(planned, width),
    ...choicesText(planned, width),
    said(noteText(design), width),
  ];
  return parts.join("\n");
}

/** Never broken: it is there to be copied. */
function commandText(command: string | null): string[] {
  return command === null ? [] : [`  ${command}\n`];
}

function said(text: string, width: number): string {
  return `${wrapped(text.replaceAll(" %", `${TOGETHER}%`), width).join("\n")}\n`;
}

function settingText({ samples, features, forget_rows, hidden, learning_rate, preset, seed }: CellKey): string {
  return `${preset}, ${samples} samples, ${features} features, ${forget_rows} forget ${forget_rows === 1 ? "row" : "rows"}, hidden ${hidden}, learning rate ${learning_rate}, seed ${seed}`;
}

function recipeText({ method, lambda_reg, epochs }: CellKey): string {
  return `${method}, λ ${lambda_reg}, ${count(epochs, "epoch")}`;
}

function pilotText({ draws, leftOut, trials, unit }: Design): string {
  const lacking = leftOut === 0 ? "" : `; ${count(leftOut, "draw")} more ${leftOut === 1 ? "lacks" : "lack"} something`;
  if (unit === "trial")
    return `the pilot: ${count(trials, "trial")} of one draw, which tell nothing of other draws${lacking}`;
  return `the pilot: ${count(draws, "draw")} of ${count(trials, "trial")} each that are compared with retraining${lacking}`;
}

const WHERE: Readonly<Record<DesignCell["what"], string>> = {
  planned: "",
  "do nothing": "",
  "most variable": ", which spreads most of those that are not beaten",
};

/** Standard deviations, since they are in the units of what they are of. */
function componentsText({ cells, unit }: Design, width: number): string {
  const isOverDraws = unit === "draw";
  const header = ["", "of", "Δ", ...(isOverDraws ? ["σ draw", "90 %"] : []), "σ trial", "90 %"];
  const rows = cells.flatMap((cell) =>
    ENDPOINTS.map((endpoint, i): Cell[] => {
      const { difference, draw, trial } = cell[endpoint];
      return [
        ...[i === 0 ? WHAT[cell.what] : "", endpoint, signed(difference)],
        ...[...(draw === null ? [] : deviationCells(draw)), ...deviationCells(trial)],
      ];
    }),
  );
  const names = cells.map(({ what, recipe }) => `${WHAT[what]}: ${recipeText(recipe)}${WHERE[what]}\n`).join("");
  return `${names}\n${tableWithin(width, header, rows)}`;
}

function deviationCells({ variance, interval }: Component): Cell[] {
  const root = (value: number): number => Math.sqrt(Math.max(0, value));
  const limits = [interval.low, interval.high].map((limit) => plain(root(limit), LIMIT_DIGITS));
  return [plain(root(variance)), limits.join("–")];
}

function goalTexts(planned: Planned): string[] {
  const { design, next } = planned;
  const { best, goal, question, cells } = design;
  const what = goalText(design);
  if (best === null) {
    const remedy = next.fixed === null ? "ask for less" : MORE_DRAWS[next.fixed];
    return [`${what}: nothing within reach brings it: ${remedy}`];
  }
  const cost =
    best.epochs === 0 ? "which are there" : `${count(best.epochs, "epoch")} more, ${timeText(best, planned)}`;
  const worst = cells.find((cell) => cell.what === "most variable")?.atBest ?? null;
  const ofWorst = worst === null ? "" : `; of the widest it is ${widths(worst)}`;
  const { ifEqual, asEstimated } = best.power;
  return [
    `${what}: ${size(best, design)}, ${cost}`,
    `there the interval is ${widths(best.promised)} in 9 of 10 sweeps planned like this, and ${widths(best.expected)} if σ were as estimated${ofWorst}`,
    goal.kind === "half-width"
      ? `its answer is "equivalent" within ${pair(question.margins)} with probability ${percent(ifEqual)} if nothing differs, ${percent(asEstimated)} if all is as estimated`
      : `if all is as estimated, it is "equivalent" with probability ${percent(asEstimated)}`,
  ];
}

const MORE_DRAWS = {
  imported:
    "imported draws are extended by no seeds: add other folders with gmm-sweep grid --data under the sweep's --name",
  run: "a run has the one draw that it was asked for: a grid of the same on several makes a pilot over draws",
} as const;

/** Where there is one draw, what it says nothing of. */
function aloneTexts({ design, next }: Planned, width: number): string[] {
  if (design.unit === "draw") return [];
  const remedy = next.fixed === null ? "" : ` ${MORE_DRAWS[next.fixed]}`;
  const claim = `this is about this draw alone; a claim over draws takes a pilot of several:${remedy}`;
  return [said(claim, width), ...commandText(next.overDraws)];
}

function goalText({ goal, question }: Design): string {
  if (goal.kind === "power")
    return `"equivalent" within ${pair(question.margins)} with probability ${percent(goal.power)} if nothing differs`;
  const asked = ENDPOINTS.flatMap((endpoint) => {
    const most = goal.most[endpoint];
    return most === undefined ? [] : [`±${most} of ${endpoint}`];
  });
  return `a 90 % interval of ${asked.join(" and ")}`;
}

function pair({ forget, accuracy }: Readonly<Record<Endpoint, number>>): string {
  return `±${forget} of forget and ±${accuracy} of accuracy`;
}

function widths({ forget, accuracy }: Readonly<Record<Endpoint, number>>): string {
  return `±${plain(forget)} and ±${plain(accuracy)}`;
}

function size({ draws, trials, judged }: Choice, { unit }: Design): string {
  if (unit === "trial")
    return count(trials, "trial") + judgedText(trials === judged.trials ? "" : count(judged.trials, "trial"));
  const same = judged.draws === draws && judged.trials === trials;
  const own = same ? "" : `${count(judged.draws, "draw")} of ${count(judged.trials, "trial")}`;
  return `${count(draws, "draw")} of ${count(trials, "trial")} each${judgedText(own)}`;
}

function judgedText(what: string): string {
  return what === "" ? "" : `, of which the verdict judges it by ${what}`;
}

function timeText({ epochs }: Choice, { msPerEpoch, threads }: Planned): string {
  if (msPerEpoch === null) return "in a time that is not known here";
  return `${roughly((epochs * msPerEpoch) / threads)} on ${count(threads, "thread")} here`;
}

function noteText({ question }: Design): string {
  return `Δ: mean difference to retraining. σ: its standard deviation over draws, and over the trials of a draw. 90 %: the interval of what stands left of it. ±: half of the 90 % interval's width that 9 of 10 sweeps planned like this meet, of the ${endpointName("forget", question)} and of the accuracy. power: of the answer "equivalent" if nothing differs.`;
}

/** None where no pair leaves anything to judge by. */
function choicesText(planned: Planned, width: number): string[] {
  const { choices, best, unit } = planned.design;
  if (choices.length === 0) return [];
  const isBest = ({ draws, trials }: Choice): boolean => draws === best?.draws && trials === best.trials;
  const header = [
    ...(unit === "draw" ? ["draws"] : []),
    "trials",
    "± forget",
    "± accuracy",
    "power",
    "epochs",
    "time",
    "",
  ];
  const rows = choices.map((choice): Cell[] => [
    ...(unit === "draw" ? [choice.draws] : []),
    ...[choice.trials, plain(choice.promised.forget), plain(choice.promised.accuracy), percent(choice.power.ifEqual)],
    ...[choice.epochs.toLocaleString("en-US"), timeCell(choice, planned), isBest(choice) ? "planned" : ""],
  ]);
  return [tableWithin(width, header, rows)];
}

function timeCell({ epochs }: Choice, { msPerEpoch, threads }: Planned): string {
  if (epochs === 0) return "-";
  if (msPerEpoch === null) return "?";
  const ms = (epochs * msPerEpoch) / threads;
  return ms < 1000 ? "< 1 s" : duration(ms);
}

const DIGITS = 3;
const LIMIT_DIGITS = 2; // of what is known roughly
const MOST_PLACES = 4; // of a probability or a share

/** As many digits as say something, and no power of ten. */
function plain(value: number, digits = DIGITS): string {
  if (value === 0) return "0";
  const places = digits - 1 - Math.floor(Math.log10(value));
  return value.toFixed(Math.min(MOST_PLACES, Math.max(0, places)));
}

/** What rounds to nothing is of no side. */
function signed(value: number): string {
  const text = plain(Math.abs(value));
  return Number(text) === 0 ? text : `${value < 0 ? "-" : "+"}${text}`;
}

function percent(value: number): string {
  return `${Math.round(PERCENT * value)} %`;
}

/** The same as JSON. */
export function designObject(report: DesignReport): object {
  const { sweep, setting, msPerEpoch, threads } = report;
  const { samples, features, forget_rows, hidden, learning_rate, preset, seed, profile } = setting;
  const of = { sweep, samples, features, forget_rows, hidden, learning_rate, preset, seed, profile };
  if (report.design === null) return { ...of, refused: report.refused };
  const { design, next } = report;
  const seconds = ({ epochs }: Choice): number | null =>
    msPerEpoch === null ? null : (epochs * msPerEpoch) / threads / 1000;
  const choiceObject = (choice: Choice): object => ({
    ...{ draws: choice.draws, trials: choice.trials, judged: choice.judged },
    ...{ expected_half_width: choice.expected, promised_half_width: choice.promised },
    power: { if_equal: choice.power.ifEqual, as_estimated: choice.power.asEstimated },
    ...{ epochs: choice.epochs, seconds: seconds(choice) },
  });
  return {
    ...of,
    pilot: { unit: design.unit, draws: design.draws, left_out: design.leftOut, trials: design.trials },
    goal: design.goal.kind === "power" ? { power: design.goal.power } : { half_width: design.goal.most },
    estimand: design.question.estimand,
    margin: design.question.margins,
    cells: design.cells.map(cellObject),
    best: design.best === null ? null : choiceObject(design.best),
    choices: design.choices.map(choiceObject),
    ...{ ms_per_epoch: msPerEpoch, threads, command: next.command, pilot_over_draws: next.overDraws },
  };
}

function cellObject({ what, recipe, atBest, ...cell }: DesignCell): object {
  const spreads = ENDPOINTS.map((endpoint) => {
    const { difference, draw, trial } = cell[endpoint];
    return [endpoint, { difference, draw, trial }];
  });
  const { method, lambda_reg, epochs, start } = recipe;
  return {
    ...{ what, method, lambda_reg, epochs, start, ...Object.fromEntries(spreads) },
    promised_half_width: atBest,
  };
}
