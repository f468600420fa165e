/** Learning curves. */
import { curveNumbers } from "../../figures/curves.js";
import { shownText } from "../../figures/numbers.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { along, hovers, LEGEND, looksOf, only } from "./parts.js";

export const curves: Figure = {
  kind: "curves",
  title: "Learning curves",
  answers: FIGURE_ANSWERS.curves,
  numbers: curveNumbers,
  caption: (numbers) =>
    `Means with 90 % intervals over ${numbers.facts["unit"] === "draw" ? "draws" : "the trials of the draw"} (${shownText(numbers)}); a method that goes on from another begins where that one ended.`,
  aspect: 0.8,
  spec: (numbers) => {
    const { colour, dash, width } = looksOf(numbers.series["points"]);
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
          mark: { type: "line" },
          encoding: {
            x,
            y: { ...along("value", "measure"), ...y },
            color: { field: "line", type: "nominal", scale: colour, legend: LEGEND },
            strokeDash: { field: "line", type: "nominal", scale: dash, legend: LEGEND },
            strokeWidth: { field: "line", type: "ordinal", scale: width, legend: LEGEND },
          },
        },
        // A line of one epoch is a point.
        ...[
          { mark: { type: "rule", strokeWidth: 1 }, from: "low" },
          { mark: { type: "point", filled: true, size: 24, opacity: 1 }, from: "value" },
        ].map(({ mark, from }) => ({
          data: { name: "points" },
          transform: [
            ...only("measure").transform,
            { joinaggregate: [{ op: "count", as: "epochs" }], groupby: ["line"] },
            { filter: "datum.epochs === 1" },
          ],
          mark,
          encoding: {
            x,
            y: { ...along(from, "measure"), ...y },
            ...(from === "low" ? { y2: { field: "high" } } : {}),
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
