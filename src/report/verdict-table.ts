/** A verdict as one sentence, and as tables: for documents rounded, for programs to the bit. */
import { CELL, CELL_NAMES } from "../plan/cell.js";
import { ENDPOINTS, type Endpoint } from "../plan/question.js";
import { escaped } from "../printable.js";
import type { Interval } from "../stats/interval.js";
import type { Answer } from "../verdict/answer.js";
import { type Finding, judges } from "../verdict/finding.js";
import type { Stratum } from "../verdict/memorisation.js";
import type { VerdictRow } from "../verdict/rows.js";
import type { SettingKey } from "../verdict/scores.js";
import type { Simultaneous, SimultaneousRow } from "../verdict/simultaneous.js";
import type { Verdict } from "../verdict/verdict.js";
import type { Cell } from "./pieces.js";
import {
  count,
  endpointName,
  isChosen,
  marginsText,
  percent,
  placesFor,
  range,
  recipeName,
  roleOf,
  shortName,
  signed,
  unitsText,
} from "./verdict-words.js";

export interface TableCells {
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What is best, by which margins, on how many draws, whether that was asked beforehand, and what doing nothing gives: one sentence. `findings` are all that are printed, `path` the file as a shell has it. */
export function findingSentence(finding: Finding, findings: readonly Finding[], path: string): string {
  const where = settingText(finding, findings);
  const said = `${saidOf(finding, path)}.`;
  return where === "" ? `${said[0].toUpperCase()}${said.slice(1)}` : `${where}: ${said}`;
}

/** What tells a setting apart from the others that are printed; '' where there are no others. */
export function settingText({ sweep, name, setting }: Finding, findings: readonly Finding[]): string {
  const names = CELL.filter(
    ({ name }) => name in setting && new Set(findings.map((one) => one.setting[name as keyof SettingKey])).size > 1,
  );
  const parts = names.map((column) => {
    const value = setting[column.name as keyof SettingKey];
    return column.type === "text" ? escaped(`${value}`) : `${value} ${column.title}`;
  });
  const isSeveral = new Set(findings.map((one) => one.sweep)).size > 1;
  return [...(isSeveral ? [`sweep ${sweep}${name === null ? "" : ` (${name})`}`] : []), ...parts].join(", ");
}

function saidOf(finding: Finding, path: string): string {
  const { verdict, refused, asked, trainsOn } = finding;
  if (refused !== null) return `nothing can be said, since ${refusedText(refused, finding, path)}`;
  if (verdict === null) throw new Error("a finding has neither a verdict nor a reason");
  const [row] = verdict.rows;
  const askedText = {
    beforehand: "as was asked beforehand",
    narrowed: "margins as asked beforehand, of what was narrowed afterwards",
    afterwards: "margins chosen afterwards",
    unasked: "margins that nobody asked for beforehand",
  }[asked];
  const best = row?.what === "chosen" ? bestText(row, verdict, { asked: askedText, trainsOn }) : noneText(verdict);
  const parts = [best, nothingText(verdict, askedText), ...cannotTellText(verdict)];
  return [...parts, ...(judges(finding) ? [] : remedyText(finding, verdict, path))].join("; ");
}

const SHARD =
  "this is a shard: gmm-sweep merge unites it with the others, and gmm-sweep verdict judges what that gives";

/** What to do where nothing is judged since results are missing. */
function remedyText({ isShard }: Finding, { leftOut }: Verdict, path: string): string[] {
  if (isShard) return [SHARD];
  return leftOut.recipes + leftOut.draws === 0
    ? []
    : [`gmm-sweep status ${path} says what there is, and gmm-sweep resume ${path} trains what is missing`];
}

function noneText({ leftOut }: Verdict): string {
  return leftOut.recipes === 0
    ? "no method that unlearns has been trained"
    : "no method that unlearns can be held against retraining on every draw";
}

const REFUSED: Readonly<Record<NonNullable<Finding["refused"]>, (path: string) => string>> = {
  "retraining is not planned": () =>
    "retrain_scratch was not trained, which every method is held against: add it to --methods of the sweep's command, or to methods of its file, and run that again",
  "no look has been taken": (path) =>
    `no look has been taken at the round that is being trained: gmm-sweep resume ${path} goes on to it`,
  "recipes were dropped": (path) =>
    `the last look was at none of the recipes that are asked about, which had been dropped before it or are not of this sweep: gmm-sweep verdict ${path} judges those that were left`,
  "retraining is not done": (path) =>
    `no trial of retrain_scratch is done, which every method is held against: gmm-sweep resume ${path} trains it`,
  "retraining has failed": (path) =>
    `no trial of retrain_scratch is done, which every method is held against, and some have failed: gmm-sweep resume ${path} --retry-failed trains it again`,
  "retraining has diverged": () =>
    "every trial of retrain_scratch that is there has diverged, which every method is held against: it takes other settings, such as a smaller --learning-rate",
};

/** Of a shard what is not done may be done in another one. */
function refusedText(refused: NonNullable<Finding["refused"]>, { isShard }: Finding, path: string): string {
  return isShard && refused === "retraining is not done"
    ? `no trial of retrain_scratch is done here, which every method is held against; ${SHARD}`
    : REFUSED[refused](path);
}

/** `asked` says whether the margins, beside which it stands, were asked for beforehand. */
function bestText(
  row: VerdictRow,
  verdict: Verdict,
  { asked, trainsOn }: { readonly asked: string; readonly trainsOn: boolean },
): string {
  const name = `${recipeName(row.recipe)}${trainsOn ? " (no penalty: training goes on, x included)" : ""}`;
  const rivals = verdict.rounds?.recipes ?? row.rivals; // the last round may have trained one alone
  const unseen = verdict.rounds?.unseen ?? 0;
  const left = unseen === 0 ? "" : ` left of ${rivals.toLocaleString("en-US")}`;
  const best =
    rivals - unseen === 1
      ? `the only recipe${left}, ${name},`
      : `of ${count(rivals - unseen, "recipe")}${left} ${name} comes nearest to retraining and`;
  if (row.judgement === null) return unjudgedText(row, verdict, name);
  const { answer, units } = row.judgement;
  const to = rivals - unseen === 1 ? "retraining" : "it";
  return `${best} ${answerText(answer, to, verdict)} (${asked}) ${whereText(units, row, verdict)}`;
}

/** A recipe's answer, by which margins. */
function answerText(answer: Answer, to: string, { question }: Verdict): string {
  return {
    equivalent: `is equivalent to ${to} within ${marginsText(question)}`,
    different: `differs from ${to} by more than ${marginsText(question, "or")}`,
    "too few": `may or may not be equivalent to ${to} within ${marginsText(question)}`,
  }[answer];
}

/** Why a recipe has no answer, and what gives one: nothing is held against a margin there. */
function unjudgedText(row: VerdictRow, { unit }: Verdict, name: string): string {
  const [isOne, rivals] = [row.rivals === 1, count(row.rivals, "recipe")];
  const said = isOne ? `of ${name} nothing can be said` : `none of ${rivals} can be chosen`;
  if (row.isOneRun && unit === "trial")
    return `${said} on this draw, since ${isOne ? "its trials" : "the trials of each"} are copies of one run, which say nothing of chance: those of a sweep of --preset paired are independent, and a grid of several draws (--data-seeds) is judged draw by draw`;
  return !isOne && isChosen(row)
    ? `of ${rivals} ${name} comes nearest to retraining, but nothing can be said of it, since ${row.refused}`
    : `${said}, since ${row.refused}`;
}

/** On how many draws of how many, or on this draw alone. */
function whereText(units: number, { rivals, needed }: VerdictRow, verdict: Verdict): string {
  const enough =
    needed === null ? "" : `, too few: about ${unitsText(needed, verdict)}${rivals === 1 ? "" : " in all"} would tell`;
  const atOnce = verdict.rounds === null ? "" : ", by intervals that hold for all of them and all looks at once";
  if (verdict.unit === "trial") return `on this draw alone, by ${count(units, "trial")} of it${enough}${atOnce}`;
  if (atOnce !== "") return `on ${count(units, "draw")}${atOnce}`;
  const all = verdict.draws.length + verdict.leftOut.draws;
  return `on ${units} of ${count(all, "draw")}${rivals === 1 ? "" : ", those that did not choose it"}${enough}`;
}

/** Where nothing else is held against the margins, it says by which, and whether those were `asked` for. */
function nothingText(verdict: Verdict, asked: string): string {
  const { rows, question, leftOut, choice, unit, units } = verdict;
  const row = rows.find(({ what }) => what === "do nothing");
  if (row === undefined)
    return `what doing nothing gives is not known, since original ${leftOut.recipes === 0 ? "was not trained" : "cannot be held against retraining on every draw"}`;
  if (row.judgement === null) return `of doing nothing nothing can be said, since ${row.refused}`;
  const { answer, forget } = row.judgement;
  const by = `${signed(forget.estimate, placesFor(forget.error))} in ${endpointName("forget", question)}`;
  const isSame = rows[0].what === "chosen" && rows[0].judgement?.answer === answer;
  // The recipe is judged by some of the draws, on which doing nothing gives something else.
  const isSplit = choice !== null && choice.untouched !== null && unit === "draw" && choice.judgedBy < units;
  const beside = isSplit ? `, ${signed(choice.untouched, placesFor(forget.error))} on those ${choice.judgedBy}` : "";
  if (rows[0].what !== "chosen" || rows[0].judgement === null)
    return `doing nothing ${answerText(answer, "retraining", verdict)} (${asked}; ${by}${beside})`;
  const said = {
    equivalent: "is equivalent",
    different: "is different",
    "too few": "may or may not be equivalent",
  }[answer];
  return `doing nothing ${said}${isSame ? ", too" : ""} (${by}${beside})`;
}

/** Where there is nothing to forget, and where trials are too few to say whether there is. */
function cannotTellText({ memorisation, strata, unit, draws }: Verdict): string[] {
  if (unit === "trial") return memorisation.flatMap(({ stratum }) => ON_ONE_DRAW[stratum] ?? []);
  const on = (stratum: Stratum): number => strata.find((one) => one.stratum === stratum)?.draws ?? 0;
  const [nothing, unknown] = [on("nothing"), on("unknown")];
  const of = `of the ${count(draws.length, "draw")}`;
  return [
    ...(nothing === 0 ? [] : [`${nothing} ${of} cannot tell methods apart, since there is nothing to forget there`]),
    ...(unknown === 0 ? [] : [`on ${unknown} ${of} it cannot be told whether there is anything to forget`]),
  ];
}

const ON_ONE_DRAW: Readonly<Partial<Record<Stratum, string>>> = {
  nothing: "but this draw cannot tell methods apart, since there is nothing to forget",
  unknown: "but it cannot be told whether there is anything to forget",
};

/** One line where an answer comes from plainly skewed differences: of those rows the most skewed. */
export function skewedText({ rows, question, unit }: Verdict): string[] {
  const found = rows.flatMap(({ recipe, judgement }) =>
    judgement === null || judgement.skewed === null ? [] : [{ recipe, ...judgement.skewed }],
  );
  const [most, ...others] = found.sort((a, b) => Math.abs(b.skewness) - Math.abs(a.skewness));
  if (most === undefined) return [];
  const too = others.length === 0 ? "" : `, and of ${count(others.length, "other row")}`;
  const { from, to } = most.errors;
  return [
    `The differences of ${shortName(most.recipe)} in ${endpointName(most.endpoint, question)} are skewed (${signed(most.skewness, 1)})${too}: the stated error of 5 % may be ${Math.round(100 * from)} to ${percent(to)}; more ${unit}s help.`,
  ];
}

/** The rows of a verdict, rounded. */
export function verdictTable({ verdict }: Finding): TableCells {
  if (verdict === null) return { header: ["recipe"], rows: [] };
  const { question } = verdict;
  const names = ENDPOINTS.map((endpoint) => `Δ ${endpointName(endpoint, question)} (± se) [90 %]`);
  const header = [
    "recipe",
    "role",
    ...names,
    "W1 [null band]",
    "answer",
    "smallest margins",
    verdict.unit === "draw" ? "draws" : "pairs",
    "trials",
    "diverged",
    "failed",
  ];
  const rows = verdict.rows.map((row): Cell[] => {
    const { judgement } = row;
    const differences = ENDPOINTS.map((endpoint) => (judgement === null ? null : differenceText(judgement[endpoint])));
    const margins = judgement === null ? null : ENDPOINTS.map((endpoint) => marginText(judgement[endpoint])).join(", ");
    return [
      ...[shortName(row.recipe), roleOf(row), ...differences, distanceText(row)],
      ...[judgement?.answer ?? row.refused, margins, judgement?.units ?? null, row.trials, row.diverged, row.failed],
    ];
  });
  return { header, rows };
}

function differenceText({
  estimate,
  error,
  interval,
}: {
  estimate: number;
  error: number;
  interval: Interval;
}): string {
  const places = placesFor(error);
  return `${signed(estimate, places)} (± ${error.toFixed(places)}) [${range(interval, places)}]`;
}

function marginText({ smallestMargin, error }: { smallestMargin: number; error: number }): string {
  return smallestMargin.toFixed(placesFor(error));
}

const W1_PLACES = 4;

function distanceText({ wasserstein }: VerdictRow): string | null {
  if (wasserstein === null) return null;
  const { distance, nullBand } = wasserstein;
  const band = nullBand === null ? "" : ` [${nullBand.low.toFixed(W1_PLACES)} to ${nullBand.high.toFixed(W1_PLACES)}]`;
  return `${distance.toFixed(W1_PLACES)}${band}`;
}

const PLACES_ALL = 4;

/** Every recipe at once, rounded. */
export function allTable({ rows }: Simultaneous): TableCells {
  const header = [
    "method",
    "λ",
    "epochs",
    "Δ forget",
    "from",
    "to",
    "p",
    "Δ accuracy",
    "from",
    "to",
    "p",
    "equivalent",
  ];
  const of = ({ mean, low, high, p }: SimultaneousRow[Endpoint]): string[] => [
    ...[mean, low, high].map((value) => signed(value, PLACES_ALL)),
    p.toFixed(PLACES_ALL),
  ];
  return {
    header,
    rows: rows.map(({ recipe: { method, lambda_reg, epochs }, forget, accuracy, isEquivalent }) => [
      ...[method, lambda_reg, epochs, ...of(forget), ...of(accuracy), isEquivalent ? "yes" : "no"],
    ]),
  };
}

const RECIPE_COLUMNS = CELL_NAMES.filter((name) => name !== "draw");

/** Everything of the rows, nothing of it rounded: with all recipes at once those, else the verdict's. */
export function numbersTable(findings: readonly Finding[]): TableCells {
  const isAll = findings.some(({ simultaneous }) => simultaneous !== null);
  const columns: readonly NumbersColumn[] = isAll ? ALL_COLUMNS : ROW_COLUMNS;
  const rows = findings.flatMap((finding) => {
    const these = isAll ? (finding.simultaneous?.rows ?? []) : (finding.verdict?.rows ?? []);
    return these.map((row) => [
      finding.sweep,
      ...askedOf(finding),
      ...RECIPE_COLUMNS.map((name) => row.recipe[name]),
      ...columns.map(([, of]) => of(row)),
    ]);
  });
  return {
    header: [
      "sweep",
      "estimand",
      ...ENDPOINTS.map((endpoint) => `${endpoint}_margin`),
      "alpha",
      ...RECIPE_COLUMNS,
      ...columns.map(([name]) => name),
    ],
    rows,
  };
}

/** The question that a line answers, and at which error a side. */
function askedOf({ verdict, alpha }: Finding): Cell[] {
  if (verdict === null) throw new Error("a finding with lines has a verdict");
  const { estimand, margins } = verdict.question;
  return [estimand, ...ENDPOINTS.map((endpoint) => margins[endpoint]), alpha];
}

// biome-ignore lint/suspicious/noExplicitAny: a column reads the rows of its own table alone
type NumbersColumn = readonly [name: string, of: (row: any) => Cell];

const ROW_COLUMNS: readonly (readonly [name: string, of: (row: VerdictRow) => Cell])[] = [
  ["row", ({ what }) => what],
  ["rivals", ({ rivals }) => rivals],
  ["share", ({ share }) => share],
  ["answer", ({ judgement }) => judgement?.answer ?? null],
  ["refused", ({ refused }) => refused],
  ["units", ({ judgement }) => judgement?.units ?? null],
  ["needed", ({ needed }) => needed],
  ["skewed", ({ judgement }) => judgement?.skewed?.endpoint ?? null],
  ...ENDPOINTS.flatMap((endpoint) => differenceColumns(endpoint)),
  ["wasserstein", ({ wasserstein }) => wasserstein?.distance ?? null],
  ["null_low", ({ wasserstein }) => wasserstein?.nullBand?.low ?? null],
  ["null_high", ({ wasserstein }) => wasserstein?.nullBand?.high ?? null],
  ["trials", ({ trials }) => trials],
  ["diverged", ({ diverged }) => diverged],
  ["failed", ({ failed }) => failed],
  ...ENDPOINTS.flatMap((endpoint) => [
    [`${endpoint}_worst_low`, ({ worstCase }: VerdictRow) => worstCase?.[endpoint].low ?? null] as const,
    [`${endpoint}_worst_high`, ({ worstCase }: VerdictRow) => worstCase?.[endpoint].high ?? null] as const,
  ]),
];

function differenceColumns(endpoint: Endpoint): (readonly [name: string, of: (row: VerdictRow) => Cell])[] {
  return [
    [`${endpoint}_difference`, ({ judgement }) => judgement?.[endpoint].estimate ?? null],
    [`${endpoint}_error`, ({ judgement }) => judgement?.[endpoint].error ?? null],
    [`${endpoint}_low`, ({ judgement }) => judgement?.[endpoint].interval.low ?? null],
    [`${endpoint}_high`, ({ judgement }) => judgement?.[endpoint].interval.high ?? null],
    [`${endpoint}_smallest_margin`, ({ judgement }) => judgement?.[endpoint].smallestMargin ?? null],
    [`${endpoint}_skewness`, ({ judgement }) => judgement?.[endpoint].skewness ?? null],
  ];
}

const ALL_COLUMNS: readonly (readonly [name: string, of: (row: SimultaneousRow) => Cell])[] = [
  ...ENDPOINTS.flatMap((endpoint) => [
    [`${endpoint}_difference`, (row: SimultaneousRow) => row[endpoint].mean] as const,
    [`${endpoint}_error`, (row: SimultaneousRow) => row[endpoint].error] as const,
    [`${endpoint}_low`, (row: SimultaneousRow) => row[endpoint].low] as const,
    [`${endpoint}_high`, (row: SimultaneousRow) => row[endpoint].high] as const,
    [`${endpoint}_p`, (row: SimultaneousRow) => row[endpoint].p] as const,
    [`${endpoint}_p_error`, (row: SimultaneousRow) => row[endpoint].pError] as const,
  ]),
  ["equivalent", ({ isEquivalent }) => (isEquivalent ? 1 : 0)],
];
