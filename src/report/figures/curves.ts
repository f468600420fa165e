/** Learning curves. */
import { curveNumbers } from "../../figures/curves.js";
import { shownText } from "../../figures/numbers.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { along, hovers, LEGEND, looksOf, only } from "./parts.js";

const ENDED = " Intervals end where their measure does, those of shares and probabilities at 0 and 1.";

export const curves: Figure = {
  kind: "curves",
  title: "Learning curves",
  answers: FIGURE_ANSWERS.curves,
  numbers: curveNumbers,
  caption: (numbers) =>
    `Means with 90 % intervals over ${numbers.facts["unit"] === "draw" ? "draws" : "the trials of the draw"} (${shownText(numbers.shown)}); a method that goes on from another begins where that one ended.${numbers.facts["ended"] === 0 ? "" : ENDED}`,
  aspect: 0.8,
  spec: (numbers) => {
    const { colour, dash } = looksOf(numbers.series["points"]);
    const x = along("epoch", "epochs trained", { scale: { zero: true, nice: false } });
    const y = { scale: { zero: false }, axis: { title: { expr: "replace(choose_measure, '_', ' ')" } } };
    return {
      layer: [
        {
          data: { name: "points" },
          ...only("measure"),
          mark: { type: "area", opacity: 0.2 },
          encoding: {
            x,
            y: { ...along("low", "measure"), ...y },
            y2: { field: "high" },
            color: { field: "line", type: "nominal", scale: colour, legend: LEGEND },
          },
        },
        {
          data: { name: "points" },
          ...only("measure"),
          mark: { type: "line", strokeWidth: 1.3 },
          encoding: {
            x,
            y: { ...along("value", "measure"), ...y },
            color: { field: "line", type: "nominal", scale: colour, legend: LEGEND },
            strokeDash: { field: "line", type: "nominal", scale: dash, legend: LEGEND },
          },
        },
        // What is at one epoch alone is neither area nor line.
        ...[
          { type: "rule", strokeWidth: 1.3 },
          { type: "point", filled: true, size: 24, opacity: 1 },
        ].map((mark) => ({
          data: { name: "points" },
          transform: [
            ...only("measure").transform,
            { joinaggregate: [{ op: "count", as: "epochs" }], groupby: ["line"] },
            { filter: "datum.epochs === 1" },
          ],
          mark,
          encoding: {
            x,
            y: { ...along(mark.type === "rule" ? "low" : "value", "measure"), ...y },
            ...(mark.type === "rule" ? { y2: { field: "high" } } : {}),
            color: { field: "line", type: "nominal", scale: colour, legend: LEGEND },
          },
        })),
        {
          data: { name: "points" },
          ...only("measure"),
          mark: { type: "point", filled: true, size: 20, opacity: 0 },
          encoding: {
            x,
            y: { ...along("value", "measure"), ...y },
            ...hovers(
              ["line", "method", "text"],
              ["epoch", "epoch", "count"],
              ["value", "mean"],
              ["low", "from"],
              ["high", "to"],
              ["draws", "draws", "count"],
              ["runs", "runs", "count"],
            ),
          },
        },
      ],
    };
  },
};
