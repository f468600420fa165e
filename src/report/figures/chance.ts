/** The self-check under the null: intervals that should hold 0, and p-values that should be uniform. */
import { pValueNumbers, zipNumbers } from "../../figures/chance.js";
import { count } from "../verdict-words.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { along, hovers } from "./parts.js";
import { role } from "./theme.js";
import { forgetUnit, number, whole } from "./words.js";

const PERCENT = 100;

export const zip: Figure = {
  kind: "zip",
  title: "Self-check: intervals between two retrainings",
  answers: FIGURE_ANSWERS.zip,
  numbers: zipNumbers,
  caption: ({ facts }) =>
    `${whole(facts["holding"])} of ${whole(facts["draws"])} intervals of 90 % hold 0, the true difference: ${percent(facts["holding"], facts["draws"])}, with 95 % confidence between ${percent(facts["covered_low"], 1)} and ${percent(facts["covered_high"], 1)}.`,
  aspect: 0.85,
  spec: (numbers) => {
    const x = `difference of two retrainings (${forgetUnit(numbers)})`;
    return {
      layer: [
        {
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft") },
          encoding: { x: { datum: 0, type: "quantitative", title: x } },
        },
        {
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft"), strokeDash: [4, 2] },
          encoding: { y: { datum: PERCENT * Number(numbers.facts["stated"]), type: "quantitative" } },
        },
        {
          data: { name: "intervals" },
          mark: { type: "rule" },
          encoding: {
            x: along("low", x),
            x2: { field: "high" },
            y: along("percentile", "percentile of |t| (%)", { scale: { domain: [0, PERCENT] } }),
            color: {
              field: "holds",
              type: "nominal",
              scale: { domain: ["holds 0", "misses 0"], range: [role("role_better"), role("role_worse")] },
              legend: { title: null, orient: "top", symbolType: "stroke" },
            },
            size: { condition: { test: "datum.holds === 'misses 0'", value: 1.8 }, value: 0.8 },
            ...hovers(
              ["draw", "draw", "text"],
              ["difference", "difference"],
              ["low", "from"],
              ["high", "to"],
              ["p", "p"],
              ["trials", "trials", "count"],
            ),
          },
        },
      ],
    };
  },
};

export const pValues: Figure = {
  kind: "p-values",
  title: "Self-check: p-values between two retrainings",
  answers: FIGURE_ANSWERS["p-values"],
  numbers: pValueNumbers,
  caption: ({ facts }) =>
    `Where nothing differs, p-values lie along the diagonal; these of ${count(Number(facts["draws"]), "draw")} are at most ${number(facts["farthest"])} from it, and within ${number(facts["allowed"])} in 95 of 100 cases.`,
  aspect: 0.85,
  spec: () => {
    const [x, y] = ["p-value (1)", "share of draws with none larger (1)"];
    return {
      layer: [
        {
          data: { name: "band" },
          mark: { type: "area", color: role("role_margin") },
          encoding: { x: along("p", x), y: along("low", y), y2: { field: "high" } },
        },
        {
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft"), strokeDash: [4, 2] },
          encoding: {
            ...{ x: { datum: 0, type: "quantitative", title: x }, x2: { datum: 1 } },
            ...{ y: { datum: 0, type: "quantitative", title: y }, y2: { datum: 1 } },
          },
        },
        {
          data: { name: "steps" },
          mark: { type: "line", interpolate: "step-after", strokeWidth: 1.4, color: role("role_method_1") },
          encoding: { x: along("p", x), y: along("share", y), order: { field: "share" } },
        },
        {
          data: { name: "steps" },
          mark: { type: "point", filled: true, size: 20, opacity: 0 },
          encoding: { x: along("p", x), y: along("share", y), ...hovers(["p", "p"], ["share", "share of draws"]) },
        },
      ],
    };
  },
};

function percent(part: unknown, whole: unknown): string {
  return `${((PERCENT * Number(part)) / Number(whole)).toFixed(1)} %`;
}
