/** The map of all recipes of a method, over λ and epochs. */
import { mapNumbers } from "../../figures/map.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { choiceSignal, hovers, only } from "./parts.js";
import { role } from "./theme.js";
import { forgetUnit, number, whole } from "./words.js";

/** Where there is no room, every second number is left out until there is. */
const APART = { labelOverlap: true, labelSeparation: 5 };

export const map: Figure = {
  kind: "map",
  title: "Difference to retraining over λ and epochs",
  answers: FIGURE_ANSWERS.map,
  numbers: mapNumbers,
  caption: (numbers) => {
    const { facts } = numbers;
    const chosen =
      facts["chosen_lambda"] === null
        ? ""
        : ` The diamond is the chosen recipe, λ ${facts["chosen_lambda"]} × ${facts["chosen_epochs"]}.`;
    return `${whole(facts["equivalent"])} of ${whole(facts["recipes"])} recipes ${facts["equivalent"] === 1 ? "is" : "are"} equivalent to retraining by bands that hold for all of them at once over ${whole(facts["units"])} ${facts["unit"]}s, outlined.${chosen} Colours end at ±${number(facts["limit"])} in ${forgetUnit(numbers)}, and at ±${number(facts["accuracy_limit"])} in accuracy.`;
  },
  aspect: 0.95,
  spec: (numbers) => {
    const { limit, accuracy_limit } = numbers.facts;
    const end = `(${choiceSignal("measure")} === 'accuracy' ? ${accuracy_limit} : ${limit})`;
    const title = `'Δ to retraining (' + (${choiceSignal("measure")} === 'accuracy' ? 'train accuracy' : '${forgetUnit(numbers)}') + ')'`;
    const epochs = { field: "epochs", type: "ordinal", title: "epochs", axis: { labelAngle: 0, ...APART } };
    const lambda = { field: "lambda", type: "ordinal", title: "λ", sort: "descending", axis: APART };
    return {
      layer: [
        {
          data: { name: "cells" },
          ...only("measure", "method"),
          mark: { type: "rect" },
          encoding: {
            x: epochs,
            y: lambda,
            color: {
              field: "difference",
              type: "quantitative",
              scale: {
                domain: [{ expr: `-${end}` }, 0, { expr: end }],
                range: [role("map_low"), role("map_middle"), role("map_high")],
                clamp: true,
                interpolate: "lab", // by hue there would be other colours between
              },
              legend: { title: { signal: title }, orient: "top", gradientLength: 160, gradientThickness: 8 },
            },
            ...hovers(
              ["lambda", "λ", "text"],
              ["epochs", "epochs", "count"],
              ["difference", "Δ"],
              ["error", "± se"],
              ["low", "band from"],
              ["high", "band to"],
            ),
          },
        },
        {
          data: { name: "cells" },
          transform: [...only("measure", "method").transform, { filter: "datum.equivalent" }],
          mark: { type: "rect", fill: null, stroke: role("ink"), strokeWidth: 1.1 },
          encoding: { x: epochs, y: lambda },
        },
        {
          data: { name: "cells" },
          transform: [...only("measure", "method").transform, { filter: "datum.chosen" }],
          mark: {
            ...{ type: "point", shape: "diamond", size: 50, filled: true, color: role("role_chosen") },
            ...{ stroke: role("paper"), strokeWidth: 1 },
          },
          encoding: { x: epochs, y: lambda },
        },
      ],
    };
  },
};
