/** The table that a run ends with: each method beside what the notebook published. */
import type { Bayes } from "../data/draw.js";
import type { MethodSummary } from "../store/contract.js";
import type { Beside, Published, Spread } from "./published.js";
import { tableWithin } from "./table.js";
import { wrapped } from "./wrap.js";

export interface SummaryReport {
  readonly summary: readonly MethodSummary[];
  /** Trial rows whose numbers overflowed. */
  readonly diverged: number;
  readonly bayes: Bayes | null;
  readonly beside: Beside;
}

/** `width` are the columns of the terminal. */
export function summaryText(report: SummaryReport, width: number): string {
  const { summary, beside } = report;
  const { published } = beside;
  const rows = summary.map((row) => [
    row.copies ? `${row.method} *` : row.method,
    row.trials,
    meanStd(row.train_accuracy_mean, row.train_accuracy_std),
    meanStd(row.forget_probability_mean, row.forget_probability_std),
    ...(published.size === 0
      ? []
      : (["trainAccuracy", "forgetProbability"] as const).map((measure) =>
          publishedText(published.get(row.method), measure),
        )),
  ]);
  const header = ["method", "trials", "train accuracy", "forget probability"];
  if (published.size > 0) header.push("notebook: accuracy", "notebook: forget prob.");
  return tableWithin(width, header, rows) + footnotes(report, width);
}

function footnotes({ summary, diverged, bayes, beside }: SummaryReport, width: number): string {
  const copies = summary.some((row) => row.copies)
    ? ["* one run, from the last original, stored for every trial: its std says nothing"]
    : [];
  const overflowed =
    diverged === 0 ? [] : [`${diverged} trial rows diverged (their numbers overflowed), and are left out of the means`];
  const known =
    bayes === null
      ? []
      : [
          `best possible on this draw (Bayes): accuracy ${bayes.accuracy.toFixed(5)}, forget probability ${bayes.forgetProbability.toFixed(5)}`,
        ];
  return ["", "±: the standard deviation (std) over trials", ...copies, ...besideText(beside), ...overflowed, ...known]
    .flatMap((note) => wrapped(note, width))
    .map((line) => `${line}\n`)
    .join("");
}

function besideText({ published, unlike }: Beside): string[] {
  if (unlike.length > 0)
    return [`the notebook's published numbers do not stand here: this run has another ${unlike.join(", ")}`];
  const runs = [...published].flatMap(([method, { overStarts }]) =>
    overStarts === null
      ? []
      : [
          `  ${method}: forget probability ${spreadText(overStarts.forgetProbability)}`,
          `  ${" ".repeat(method.length)}  train accuracy ${spreadText(overStarts.trainAccuracy)}`,
        ],
  );
  if (runs.length === 0) return [];
  return ["(one run): published of one original; from 100 originals of this draw it gives:", ...runs];
}

function spreadText({ least, most, mean, std }: Spread): string {
  const [from, to, middle, deviation] = [least, most, mean, std].map((value) => value.toFixed(3));
  return `${from} to ${to}, mean ${middle}, std ${deviation}`;
}

function publishedText(published: Published | undefined, measure: "trainAccuracy" | "forgetProbability"): string {
  if (published === undefined) return "-";
  const [mean, std] = published[measure];
  return published.overStarts === null ? meanStd(mean, std) : `${mean.toFixed(5)} (one run)`;
}

function meanStd(mean: number, std: number): string {
  return `${mean.toFixed(5)} ± ${std.toFixed(5)}`;
}
