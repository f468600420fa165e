/** Distributions of the forget probability, method by method, over retraining's. */
import { distributionsNumbers, RETRAINED } from "../../figures/distributions.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { along, hovers, LEGEND, looksOf, only } from "./parts.js";
import { role } from "./theme.js";
import { choice, forgetUnit, whole } from "./words.js";

export const distributions: Figure = {
  kind: "distributions",
  title: "Distributions over trials, on one draw",
  answers: FIGURE_ANSWERS.distributions,
  numbers: distributionsNumbers,
  caption: (numbers) => {
    const { facts, series } = numbers;
    const draw = choice(numbers, "draw");
    const which = facts["most_memorised"] === draw ? ", the one with the most to forget" : "";
    const retrained = series["steps"].find((of) => of["draw"] === draw && of["what"] === RETRAINED);
    const band = series["band"].some((of) => of["draw"] === draw)
      ? `; the band holds retraining's as a whole with 90 % confidence (${whole(retrained?.["trials"])} trials, Dvoretzky–Kiefer–Wolfowitz)`
      : "";
    return `The share of trials whose ${forgetUnit(numbers)} is no larger, of each method on draw ${draw}${which}${band}. What stands for one run is one step.`;
  },
  aspect: 0.85,
  spec: (numbers) => {
    const x = forgetUnit(numbers);
    const y = "share of trials (1)";
    const { colour, dash, width } = looksOf(numbers.series["steps"]);
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
          mark: { type: "line", interpolate: "step-after" },
          encoding: {
            x: along("value", x, { scale: { zero: false } }),
            y: along("share", y),
            color: { field: "line", type: "nominal", scale: colour, legend: LEGEND },
            strokeDash: { field: "line", type: "nominal", scale: dash, legend: LEGEND },
            strokeWidth: { field: "line", type: "ordinal", scale: width, legend: LEGEND },
          },
        },
        {
          data: { name: "steps" },
          transform: [...only("draw").transform, { filter: "datum.is_trial" }],
          // Not seen: what is pointed at, to say its numbers.
          mark: { type: "point", filled: true, size: 40, opacity: 0 },
          encoding: {
            x: along("value", x, { scale: { zero: false } }),
            y: along("share", y),
            color: { field: "line", type: "nominal", scale: colour, legend: LEGEND },
            ...hovers(
              ["line", "method", "text"],
              ["value", x],
              ["share", "share"],
              ["error", "± se"],
              ["trials", "trials", "count"],
            ),
          },
        },
      ],
    };
  },
};
