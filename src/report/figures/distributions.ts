/** Distributions of the forget probability, method by method, over retraining's. */
import { distributionsNumbers } from "../../figures/distributions.js";
import type { Figure } from "./figure.js";
import { along, hovers, LEGEND, looksOf, only } from "./parts.js";
import { role } from "./theme.js";
import { forgetUnit, whole } from "./words.js";

export const distributions: Figure = {
  kind: "distributions",
  title: "Distributions over trials, on one draw",
  answers: "do unlearned nets spread as retrained ones do?",
  numbers: distributionsNumbers,
  caption: (numbers) =>
    `The share of trials whose ${forgetUnit(numbers)} is no larger, of each method on one draw; the band holds retraining's with 90 % confidence (${whole(numbers.facts["trials"])} trials, Dvoretzky–Kiefer–Wolfowitz). A method of one run is one step.`,
  aspect: 0.85,
  spec: (numbers) => {
    const x = forgetUnit(numbers);
    const y = "share of trials (1)";
    const { colour, dash } = looksOf(numbers.series["steps"]);
    return {
      layer: [
        {
          data: { name: "band" },
          ...only("draw"),
          mark: { type: "area", interpolate: "step-after", color: role("role_retrain"), opacity: 0.18 },
          encoding: { x: along("value", x, { scale: { zero: false } }), y: along("low", y), y2: { field: "high" } },
        },
        {
          data: { name: "steps" },
          ...only("draw"),
          mark: { type: "line", interpolate: "step-after", strokeWidth: 1.3 },
          encoding: {
            x: along("value", x, { scale: { zero: false } }),
            y: along("share", y),
            color: { field: "line", type: "nominal", scale: colour, legend: LEGEND },
            strokeDash: { field: "line", type: "nominal", scale: dash, legend: LEGEND },
          },
        },
        {
          data: { name: "steps" },
          ...only("draw"),
          mark: { type: "point", filled: true, size: 10 },
          encoding: {
            x: along("value", x, { scale: { zero: false } }),
            y: along("share", y),
            color: { field: "line", type: "nominal", scale: colour, legend: LEGEND },
            ...hovers(["line", "method", "text"], ["value", x], ["share", "share"], ["trials", "trials", "count"]),
          },
        },
      ],
    };
  },
};
