/** What there was to forget, against what unlearning misses. */
import { memorisationNumbers } from "../../figures/memorisation.js";
import type { FigureNumbers } from "../../figures/numbers.js";
import { STRATA } from "../../verdict/memorisation.js";
import { count } from "../verdict-words.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { along, hovers } from "./parts.js";
import { role } from "./theme.js";
import { forgetUnit, number, whole } from "./words.js";

const NEARLY = 0.9995;
const X = "memorisation (probability, original − retrained)";

export const memorisation: Figure = {
  kind: "memorisation",
  title: "What there was to forget, and what unlearning misses",
  answers: FIGURE_ANSWERS.memorisation,
  numbers: memorisationNumbers,
  caption: (numbers) => {
    const { facts, shown } = numbers;
    const line =
      facts["settles"] === null
        ? ""
        : ` Dashed: what it would miss if it left every forget row where ${penalty(numbers)} leads alone, which is ${balance(numbers)}; of a draw whose original gives ${number(facts["original"])}, the median, and of eight in ten draws within the band.`;
    return `${whole(facts["nothing"])} of ${count(shown[0].shown, "draw")} had nothing to forget; ${facts["chosen"]} misses retraining's ${forgetUnit(numbers)} by what stands upwards, a level band being the margin of ±${facts["margin"]}.${line}`;
  },
  aspect: 0.85,
  spec: (numbers) => {
    const y = `unlearned − retrained (${forgetUnit(numbers)})`;
    const margin = Number(numbers.facts["margin"]);
    const scale = {
      domain: [Number(numbers.facts["lowest"]), Number(numbers.facts["highest"])],
      nice: true,
      clamp: true,
    };
    const upwards = (field: string): object => along(field, y, { scale });
    return {
      layer: [
        {
          data: { name: "facts" },
          mark: { type: "rect", color: role("role_margin") },
          encoding: { y: { datum: -margin, type: "quantitative", title: y, scale }, y2: { datum: margin } },
        },
        {
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft") },
          encoding: { y: { datum: 0, type: "quantitative", title: y, scale } },
        },
        {
          data: { name: "settled" },
          mark: { type: "area", color: role("role_worse"), opacity: 0.12 },
          encoding: { x: along("memorisation", X), y: upwards("low"), y2: { field: "high" } },
        },
        {
          data: { name: "settled" },
          mark: { type: "line", color: role("role_worse"), strokeDash: [5, 2], strokeWidth: 1.2 },
          encoding: { x: along("memorisation", X), y: upwards("misses") },
        },
        {
          data: { name: "draws" },
          mark: { type: "rule", color: role("role_null"), strokeWidth: 0.5, opacity: 0.5 },
          encoding: { x: along("low", X), x2: { field: "high" }, y: upwards("misses") },
        },
        {
          data: { name: "draws" },
          mark: { type: "point", filled: true, size: 16, opacity: 0.9 },
          encoding: {
            x: along("memorisation", X),
            y: upwards("misses"),
            color: {
              field: "stratum",
              type: "nominal",
              scale: {
                domain: STRATA,
                range: [role("role_null"), role("role_method_1"), role("role_worse"), role("soft")],
              },
              legend: { title: "to forget", orient: "top" },
            },
            shape: {
              field: "stratum",
              type: "nominal",
              scale: { domain: STRATA, range: ["circle", "square", "triangle-up", "cross"] },
              legend: { title: "to forget", orient: "top" },
            },
            ...hovers(
              ["draw", "draw", "text"],
              ["memorisation", "memorisation"],
              ["memorisation_error", "± se"],
              ["memorisation_trials", "trials set aside", "count"],
              ["misses", "unlearned − retrained"],
              ["error", "± se of that"],
              ["trials", "trials", "count"],
            ),
          },
        },
        {
          data: { name: "facts" },
          mark: {
            type: "text",
            x: "width",
            y: -6,
            align: "right",
            color: role("role_worse"),
            text: settledText(numbers),
          },
        },
      ],
    };
  },
};

function penalty({ facts }: FigureNumbers): string {
  return `the penalty at λ ${facts["lambda"]}`;
}

/** The equation of the line with its p. */
function balance(numbers: FigureNumbers): string {
  const pull = Number(Number(numbers.facts["pull"]).toPrecision(2));
  return `p = ${settled(numbers)}, by p·ln(p/(1−p)) = ${pull}/λ`;
}

function settledText(numbers: FigureNumbers): string {
  const { facts } = numbers;
  return facts["settles"] === null ? "" : `– – every row at p = ${settled(numbers)}, where λ ${facts["lambda"]} leads`;
}

/** Nearly 1 is not 1. */
function settled({ facts }: FigureNumbers): string {
  const p = Number(facts["settles"]);
  return p < NEARLY ? number(p) : `1 − ${(1 - p).toPrecision(1)}`;
}
