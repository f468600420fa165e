/** The table that a run ends with: each method beside what the notebook published. */
import type { Bayes } from "../data/draw.js";
import { METHOD_NAMES, methodNamed, type Published } from "../plan/methods.js";
import type { MethodSummary } from "../store/sqlite/queries.js";
import { alignedTable } from "./table.js";

export interface SummaryReport {
  readonly summary: readonly MethodSummary[];
  /** Methods whose trials are copies of one run. */
  readonly copied: readonly string[];
  /** Trial rows whose numbers overflowed. */
  readonly diverged: number;
  readonly bayes: Bayes | null;
}

export function summaryText({ summary, copied, diverged, bayes }: SummaryReport): string {
  const rows = summary.map((row) => {
    const published = METHOD_NAMES.includes(row.method) ? methodNamed(row.method).published : null;
    return [
      copied.includes(row.method) ? `${row.method} *` : row.method,
      row.trials,
      meanStd(row.train_accuracy_mean, row.train_accuracy_std),
      meanStd(row.forget_probability_mean, row.forget_probability_std),
      publishedText(published, "trainAccuracy"),
      publishedText(published, "forgetProbability"),
    ];
  });
  const header = [
    "method",
    "trials",
    "train accuracy",
    "forget probability",
    "notebook: accuracy",
    "notebook: forget prob.",
  ];
  return alignedTable(header, rows) + footnotes(copied, diverged, bayes);
}

function footnotes(copied: readonly string[], diverged: number, bayes: Bayes | null): string {
  const copies =
    copied.length === 0
      ? []
      : [
          "* one run, stored for every trial: the notebook starts each of them from its last original, and nothing in them is random, so their std says nothing",
        ];
  const overflowed =
    diverged === 0 ? [] : [`${diverged} trial rows diverged (their numbers overflowed), and are left out of the means`];
  const known =
    bayes === null
      ? []
      : [
          `best possible on this draw (Bayes): accuracy ${bayes.accuracy.toFixed(5)}, forget probability ${bayes.forgetProbability.toFixed(5)}`,
        ];
  return ["", ...copies, ...overflowed, ...known].map((line) => `${line}\n`).join("");
}

function publishedText(published: Published | null, measure: keyof Published): string {
  if (published === null) return "-";
  const [mean, std] = published[measure];
  return meanStd(mean, std);
}

function meanStd(mean: number, std: number): string {
  return `${mean.toFixed(5)} ± ${std.toFixed(5)}`;
}
