/** The table that a run ends with: each method beside what the notebook published. */
import type { Bayes } from "../data/draw.js";
import type { MethodSummary } from "../store/contract.js";
import { PUBLISHED, type Published } from "./published.js";
import { alignedTable } from "./table.js";

export interface SummaryReport {
  readonly summary: readonly MethodSummary[];
  /** Trial rows whose numbers overflowed. */
  readonly diverged: number;
  readonly bayes: Bayes | null;
}

export function summaryText({ summary, diverged, bayes }: SummaryReport): string {
  const rows = summary.map((row) => {
    const published = PUBLISHED.get(row.method);
    return [
      row.copies ? `${row.method} *` : row.method,
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
  return alignedTable(header, rows) + footnotes({ summary, diverged, bayes });
}

function footnotes({ summary, diverged, bayes }: SummaryReport): string {
  const copies = summary.some((row) => row.copies)
    ? [
        "* one run, stored for every trial: the notebook starts each of them from its last original, and nothing in them is random, so their std says nothing",
      ]
    : [];
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

function publishedText(published: Published | undefined, measure: keyof Published): string {
  if (published === undefined) return "-";
  const [mean, std] = published[measure];
  return meanStd(mean, std);
}

function meanStd(mean: number, std: number): string {
  return `${mean.toFixed(5)} ± ${std.toFixed(5)}`;
}
