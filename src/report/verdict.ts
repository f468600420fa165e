/** A verdict on one screen: a sentence, a table, and what stands behind it. */
import { ENDPOINTS, type Endpoint } from "../plan/question.js";
import type { Judgement } from "../verdict/answer.js";
import { SKEWED_FROM } from "../verdict/bands.js";
import type { Finding } from "../verdict/finding.js";
import type { Stratum } from "../verdict/memorisation.js";
import type { VerdictRow } from "../verdict/rows.js";
import { isSameRecipe, type RecipeKey } from "../verdict/scores.js";
import type { Simultaneous } from "../verdict/simultaneous.js";
import type { StratumFinding } from "../verdict/strata.js";
import type { Verdict } from "../verdict/verdict.js";
import { tableWithin } from "./table.js";
import { allTable, findingSentence, settingText, skewedText } from "./verdict-table.js";
import {
  count,
  endpointName,
  percent,
  placesFor,
  range,
  roleOf,
  shortName,
  signed,
  unitsText,
} from "./verdict-words.js";
import { TOGETHER, wrapped } from "./wrap.js";

/** How a command names what a finding is of, as a shell has it, and which other sweep has the null that it lacks. */
export interface Places {
  readonly placeOf: (finding: Finding) => string;
  readonly nullIn: (finding: Finding) => number | null;
}

/** `width` is that of a terminal. */
type Page<Named> = Named & { readonly width: number };

interface Place {
  readonly width: number;
  /** What is said in the place of a null that was not trained; '' where there is one. */
  readonly withoutNull: string;
}

/** The sentence of each finding: what was asked, before all that stands behind it. */
export function sentencesText(findings: readonly Finding[], { width, placeOf }: Page<Pick<Places, "placeOf">>): string {
  return findings.map((finding) => lines(findingSentence(finding, findings, placeOf(finding)), width)).join("\n");
}

/** What stands behind the sentence of a finding; of several, under the name of its setting. */
export function verdictText(
  finding: Finding,
  findings: readonly Finding[],
  { width, ...places }: Page<Places>,
): string {
  const { verdict, simultaneous } = finding;
  if (verdict === null) return "";
  const place = { width, withoutNull: withoutNull(finding, verdict, places) };
  const setting = settingText(finding, findings);
  const heading = setting === "" ? "" : lines(`${setting}:`, width);
  const parts = [heading + table(verdict, place), notes(verdict, place)];
  if (simultaneous !== null) parts.push(allText(simultaneous, verdict, place));
  return `\n${parts.join("\n")}`;
}

/** A sentence in lines, those after the first a little to the right. */
function lines(text: string, width: number, indent = 0): string {
  return wrapped(text, width - indent)
    .map((line, i) => `${i === 0 ? "" : " ".repeat(indent)}${line}\n`)
    .join("");
}

const [LABEL, ...WIDTHS] = [20, 11, 8, 20, 9, 12]; // difference, ± se, interval, margin, W1
const TABLE = WIDTHS.reduce((sum, width) => sum + width, LABEL);
const W1_PLACES = 3;
const P_PLACES = 4;

function table(verdict: Verdict, { width, withoutNull: instead }: Place): string {
  const isWide = width >= TABLE;
  const head =
    isWide && verdict.rows.length > 0 ? columns("", "difference", "± se", "90 % interval", "margin", "W1") : "";
  const twin = instead === "" ? "" : lines(instead, width, 2);
  return head + verdict.rows.map((row) => rowText(row, verdict, isWide, width)).join("") + twin;
}

const TWIN_IS = "a second retraining to hold against the first";

/** Where the null is that a verdict lacks, or what trains it: a shard does not grow, nor does a sweep in rounds. */
function withoutNull(finding: Finding, { rows, rounds }: Verdict, { placeOf, nullIn }: Places): string {
  if (rows.some(({ what }) => what === "null")) return "";
  if (finding.isShard)
    return `the null: not trained in this shard; unite it with the others by gmm-sweep merge first, and gmm-sweep resume --with-null of what that gives trains retrain_twin, ${TWIN_IS}`;
  const other = nullIn(finding);
  if (other !== null) return `the null: in sweep ${other}, which has all of this one and retrain_twin, ${TWIN_IS}`;
  const bring =
    rounds === null
      ? `gmm-sweep resume ${placeOf(finding)} --with-null trains retrain_twin`
      : "--with-null, where a sweep is opened, trains retrain_twin";
  return `the null: not trained; ${bring}, ${TWIN_IS}`;
}

function columns(label: string, ...cells: readonly string[]): string {
  const right = cells.map((cell, i) => cell.padStart(WIDTHS[i]));
  return `${label.padEnd(LABEL)}${right.join("")}`.trimEnd().concat("\n");
}

function rowText(row: VerdictRow, verdict: Verdict, isWide: boolean, width: number): string {
  const { judgement, refused } = row;
  const role = roleOf(row);
  const name = `${shortName(row.recipe)}${role === null ? "" : ` (${role})`}`;
  const said = judgement === null ? `no answer, since ${refused}` : judgement.answer;
  const title = lines(`${name}: ${said}; ${countsText(row, verdict)}`, width, 2);
  const distances = distanceTexts(row);
  if (judgement === null)
    return distances[0] === ""
      ? title
      : title + lines(`  W1 ${distances.filter((text) => text !== "").join(", null ")}`, width, 4);
  const names = ENDPOINTS.map((endpoint) => `  ${endpointName(endpoint, verdict.question)}`);
  const numbers = ENDPOINTS.map((endpoint) => numbersOf(judgement[endpoint]));
  if (isWide) return title + numbers.map((texts, i) => columns(names[i], ...texts, distances[i])).join("");
  const told = numbers.map(([difference, error, interval, margin], i) => {
    const distance = distances[i] === "" ? "" : `, ${i === 0 ? "W1" : "null"} ${distances[i]}`;
    return lines(
      `${names[i]} ${difference} ± ${error}, 90 % interval ${interval}, margin ${margin}${distance}`,
      width,
      4,
    );
  });
  return title + told.join("");
}

/** W1, and what chance alone gives of it. */
function distanceTexts({ wasserstein }: VerdictRow): [distance: string, nullBand: string] {
  if (wasserstein === null) return ["", ""];
  const { distance, nullBand } = wasserstein;
  const [low, high] = nullBand === null ? [] : [nullBand.low, nullBand.high].map((value) => value.toFixed(W1_PLACES));
  return [distance.toFixed(W1_PLACES), low === undefined ? "" : `${low}-${high}`];
}

function numbersOf({ estimate, error, interval, smallestMargin }: Judgement[Endpoint]): string[] {
  const places = placesFor(error);
  return [signed(estimate, places), error.toFixed(places), range(interval, places), smallestMargin.toFixed(places)];
}

function countsText({ judgement, trials, diverged, failed, isOneRun }: VerdictRow, verdict: Verdict): string {
  const on = judgement === null || verdict.unit === "trial" ? [] : [count(judgement.units, "draw")];
  const runs = isOneRun ? count(trials, "run") : count(trials, "trial");
  const lost = [
    ...(diverged === 0 ? [] : [`${count(diverged, "trial")} diverged`]),
    ...(failed === 0 ? [] : [`${count(failed, "trial")} failed`]),
  ];
  return [...on, runs, ...lost].join(", ");
}

/** A recipe as prose has it: no line ends within its λ and epochs. */
function unbroken(recipe: RecipeKey): string {
  return shortName(recipe).replace(/λ (\S+) × (\S+)$/, `λ${TOGETHER}$1${TOGETHER}×${TOGETHER}$2`);
}

/** A percentage as prose has it. */
function share(of: number): string {
  return percent(of).replace(" ", TOGETHER);
}

const NAMED = 3; // recipes of a list

function named(recipes: readonly RecipeKey[]): string {
  const names = recipes.slice(0, NAMED).map(unbroken).join(", ");
  return recipes.length > NAMED ? `${names} and ${(recipes.length - NAMED).toLocaleString("en-US")} more` : names;
}

function notes(verdict: Verdict, { width }: Place): string {
  const paragraphs = [
    ...choiceText(verdict),
    ...roundsText(verdict),
    ...skewedText(verdict),
    ...notBeatenText(verdict),
    ...memorisationText(verdict),
    ...worstText(verdict),
    ...leftOutText(verdict),
    ...columnsText(verdict),
  ];
  return paragraphs.map((text) => lines(text, width, 2)).join("");
}

function choiceText({ choice, unit }: Verdict): string[] {
  if (choice === null) return [];
  const units = unit === "draw" ? "draws" : "trials";
  const [first] = choice.shares;
  const { answers } = choice;
  const said =
    answers === null
      ? ""
      : `, and ${share(answers.equivalent)} called their choice equivalent, ${share(answers.different)} different`;
  return [
    `Chosen by every other one of the ${units} (${choice.chosenBy}), judged by the rest (${choice.judgedBy}). Of ${choice.splits} other halves${choice.exhaustive ? ", all that there are," : ""} ${share(first?.share ?? 0)} chose ${first === undefined ? "none" : unbroken(first.recipe)}${choice.shares.length === 1 ? "" : `, the rest ${count(choice.shares.length - 1, "other recipe")}`}${said}; all ${units} together choose ${unbroken(choice.overall)}.`,
  ];
}

function roundsText({ rounds, unit, units }: Verdict): string[] {
  if (rounds === null) return [];
  const { until, look, of, reached, trials, recipes, kept, unseen } = rounds;
  const at = unit === "draw" ? `${count(units, "draw")} of ${count(trials, "trial")}` : count(trials, "trial");
  return [
    `Trained in rounds until ${until}: ${reached ? "reached" : "not reached"} at look ${look} of at most ${of}, at ${at}. Of ${count(recipes - unseen, "recipe")} ${kept === 0 ? "none is left, since all are different" : `${kept.toLocaleString("en-US")} can be the nearest`}. The intervals of recipes hold for all of them and all looks at once, with 90 % confidence for each endpoint (${flipsText(units)}); those of the other lines for all looks.`,
  ];
}

function notBeatenText({ notBeaten, recipes, rows }: Verdict): string[] {
  if (notBeaten === null || recipes < 2) return [];
  const { recipes: left, confidence, trials } = notBeaten;
  const [{ what, recipe }] = rows;
  const isBeaten = what === "chosen" && !left.some((one) => isSameRecipe(one, recipe));
  const by = trials === null ? "" : `, by the first ${count(trials, "trial")} of each, which is what all have`;
  return [
    `Not beaten by any other, draw by draw${by}, with ${share(confidence)} confidence: ${left.length.toLocaleString("en-US")} of ${recipes.toLocaleString("en-US")}, ${named(left)}${isBeaten ? "; the chosen one is beaten, though the nearest on the mean" : ""}.`,
  ];
}

/** How much there was to forget. */
const STRATUM_WORDS: Readonly<Record<Stratum, string>> = {
  ...{ unknown: "cannot be told", nothing: "nothing", little: "little", much: "much" },
};

function memorisationText({ memorisation, strata, unit, rounds }: Verdict): string[] {
  const [first] = memorisation;
  if (first === undefined)
    return [
      "How much there was to forget is not known: it takes original, and 8 trials of it and of retrain_scratch on each draw.",
    ];
  const aside = `from ${count(first.trials, "trial")} ${unit === "draw" ? "of each draw " : ""}that nothing else uses`;
  if (unit === "trial") {
    const places = placesFor(first.error);
    return [
      `To forget: ${STRATUM_WORDS[first.stratum]}; forget probability ${signed(first.estimate, places)}, 90 % interval ${range(first.interval, places)}, ${aside}.`,
    ];
  }
  return [
    `By how much there was to forget, ${aside}: ${strata.map((one) => stratumText(one, rounds === null)).join("; ")}.`,
  ];
}

function stratumText({ stratum, draws, chosen, untouched }: StratumFinding, isChosen: boolean): string {
  const of = (judgement: Judgement | null): string => {
    if (judgement === null) return "not judged";
    const { estimate, error } = judgement.forget;
    return `${judgement.answer} (${signed(estimate, placesFor(error))} on ${judgement.units})`;
  };
  const best = isChosen ? `chosen ${of(chosen)}, ` : "";
  return `${STRATUM_WORDS[stratum]} on ${count(draws, "draw")}: ${best}doing nothing ${of(untouched)}`;
}

/** What those that are lost could have made of it. */
function worstText({ rows }: Verdict): string[] {
  return rows.flatMap(({ recipe, worstCase }) =>
    worstCase === null
      ? []
      : [
          `If trials that diverged or failed had given 0 or 1, ${unbroken(recipe)} would differ by ${range(worstCase.forget, 3)} in forget probability, by ${range(worstCase.accuracy, 3)} in accuracy.`,
        ],
  );
}

function leftOutText({ leftOut: { draws, recipes, lost } }: Verdict): string[] {
  const parts = [
    ...(draws === 0
      ? []
      : [`${count(draws, "draw")} that ${draws === 1 ? "lacks" : "lack"} retraining or recipes that others have`]),
    ...(recipes === 0
      ? []
      : [
          `${count(recipes, "recipe")} that ${recipes === 1 ? "lacks" : "lack"} some of the draws${lost === 0 ? "" : `, ${lost} of them since there they have no finished trial that retraining has by the same number: they diverged, failed or are in another shard`}`,
        ]),
  ];
  return parts.length === 0 ? [] : [`Left out: ${parts.join("; ")}.`];
}

/** What the numbers are, where there are any. */
function columnsText(verdict: Verdict): string[] {
  if (verdict.rows.length === 0) return [];
  const over = verdict.unit === "draw" ? "draws" : "trials";
  const hasBand = verdict.rows.some(({ wasserstein }) => (wasserstein?.nullBand ?? null) !== null);
  const beneath = hasBand ? ", beneath it what chance alone gives 9 times in 10" : "";
  return [
    `± se over ${over}, taken for independent, their mean for normal. margin: the smallest at which it would be equivalent. W1: Wasserstein-1 distance from retraining${beneath}.`,
  ];
}

/** How bands of so many units are found. */
function flipsText(units: number): string {
  return `max-T over sign flips, ${units < SKEWED_FROM ? "which takes differences to be symmetric" : "with the skewness that all recipes share"}`;
}

function allText(all: Simultaneous, verdict: Verdict, { width }: Place): string {
  const { rows, units, confidence, bands, exact, patterns, pError, equivalent, leftOut } = all;
  const { header, rows: cells } = allTable(all);
  const how = bands === "max-T" ? flipsText(units) : "Bonferroni's t, since units are too few for sign flips";
  const p = exact
    ? `exact, all ${patterns} sign patterns`
    : `of ${patterns} sign patterns, Monte-Carlo error up to ${pError.toFixed(P_PLACES)}`;
  const text = `All ${count(rows.length, "recipe")} at once, over ${unitsText(units, verdict)}: bands hold together with ${share(confidence)} confidence, each endpoint's for itself (${how}); p: ${p}. ${equivalent} ${equivalent === 1 ? "is" : "are"} equivalent.${leftOut === 0 ? "" : ` Left out: ${count(leftOut, "recipe")} that ${leftOut === 1 ? "lacks" : "lack"} some.`}`;
  return `${lines(text, width)}\n${tableWithin(width, header, cells)}`;
}
