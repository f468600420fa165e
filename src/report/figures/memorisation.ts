/** What there was to forget, against what unlearning misses. */
import { memorisationNumbers } from "../../figures/memorisation.js";
import type { Figure } from "./figure.js";
import { along, hovers } from "./parts.js";
import { role } from "./theme.js";
import { forgetUnit, number, whole } from "./words.js";

const STRATA = ["nothing", "little", "much", "unknown"];

export const memorisation: Figure = {
  kind: "memorisation",
  title: "What there was to forget, and what unlearning misses",
  answers: "does unlearning take away what was memorised, or bring every row to one value?",
  numbers: memorisationNumbers,
  caption: (numbers) => {
    const { facts, shown } = numbers;
    const curve =
      facts["settles"] === null
        ? ""
        : ` The line is where the penalty alone brings a row that the original is sure of: p·ln(p/(1−p)) = 4/λ, p = ${number(facts["settles"])} at λ ${facts["lambda"]}.`;
    return `${whole(facts["nothing"])} of ${whole(shown[0].shown)} draws had nothing to forget; ${facts["chosen"]} misses retraining's ${forgetUnit(numbers)} by what stands upwards.${curve}`;
  },
  aspect: 0.85,
  spec: (numbers) => {
    const x = "memorised (probability, original − retrained)";
    const y = `unlearned − retrained (${forgetUnit(numbers)})`;
    const margin = Number(numbers.facts["margin"]);
    return {
      layer: [
        {
          data: { name: "facts" },
          mark: { type: "rect", color: role("role_margin") },
          encoding: { y: { datum: -margin, type: "quantitative", title: y }, y2: { datum: margin } },
        },
        {
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft") },
          encoding: { y: { datum: 0, type: "quantitative", title: y } },
        },
        {
          data: { name: "settled" },
          mark: { type: "line", color: role("role_worse"), strokeDash: [5, 2], strokeWidth: 1.2, clip: true },
          encoding: { x: along("memorisation", x), y: along("misses", y) },
        },
        {
          data: { name: "draws" },
          mark: { type: "rule", color: role("role_null"), strokeWidth: 0.5, opacity: 0.5 },
          encoding: { x: along("low", x), x2: { field: "high" }, y: along("misses", y) },
        },
        {
          data: { name: "draws" },
          mark: { type: "point", filled: true, size: 16, opacity: 0.9 },
          encoding: {
            x: along("memorisation", x),
            y: along("misses", y),
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
              ["memorisation", "memorised"],
              ["memorisation_error", "± se"],
              ["misses", "misses"],
              ["error", "± se of that"],
              ["trials", "trials", "count"],
            ),
          },
        },
      ],
    };
  },
};
