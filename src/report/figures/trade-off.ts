/** Accuracy against forgetting. */
import { tradeOffNumbers } from "../../figures/trade-off.js";
import { count } from "../verdict-words.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { along, hovers, LEGEND, looksOf } from "./parts.js";
import { role } from "./theme.js";
import { forgetUnit, whole } from "./words.js";

/** What the units had to do with what was chosen. */
const CHOOSING: Readonly<Record<string, string>> = {
  others: ", those that did not choose the recipe",
  these: ", by all of which the recipe was chosen",
};

export const tradeOff: Figure = {
  kind: "trade-off",
  title: "Accuracy against forgetting",
  answers: FIGURE_ANSWERS["trade-off"],
  numbers: tradeOffNumbers,
  caption: (numbers) => {
    const { facts, shown, series } = numbers;
    const paths =
      series["paths"].length > 1
        ? ` A path is a λ of the chosen method from its fewest epochs to its most (${whole(shown[0].shown)} of ${whole(shown[0].of)} λ).`
        : "";
    const chance =
      series["chance"].length === 0
        ? ""
        : " The ellipse holds the mean of two retrainings' difference with 90 % confidence (Hotelling).";
    const units = `${count(Number(facts["units"]), String(facts["unit"]))}${CHOOSING[String(facts["chosen_by"])] ?? ""}`;
    return `Mean differences to retraining, which is at the crossing, all over the same ${units}; the box holds what is within the margins of ±${facts["accuracy_margin"]} and ±${facts["forget_margin"]}.${paths}${chance}`;
  },
  aspect: 0.9,
  spec: (numbers) => {
    const x = "Δ train accuracy (share of rows)";
    const y = `Δ ${forgetUnit(numbers)}`;
    const [wide, high] = [Number(numbers.facts["accuracy_margin"]), Number(numbers.facts["forget_margin"])];
    const { colour } = looksOf(numbers.series["points"]);
    const legend = { ...LEGEND, symbolType: "circle", symbolSize: 80 };
    const shapes = [
      "diamond",
      "circle",
      "square",
      "triangle-up",
      "cross",
      "triangle-down",
      "triangle-right",
      "triangle-left",
    ];
    return {
      layer: [
        {
          data: { name: "facts" },
          mark: { type: "rect", color: role("role_margin") },
          encoding: {
            ...{ x: { datum: -wide, type: "quantitative", title: x }, x2: { datum: wide } },
            ...{ y: { datum: -high, type: "quantitative", title: y }, y2: { datum: high } },
          },
        },
        ...["x", "y"].map((axis) => ({
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft") },
          encoding: { [axis]: { datum: 0, type: "quantitative", title: axis === "x" ? x : y } },
        })),
        {
          data: { name: "paths" },
          mark: { type: "line", strokeWidth: 0.9, point: { size: 4, filled: true, color: role("role_method_4") } },
          encoding: {
            x: along("accuracy", x),
            y: along("forget", y),
            order: { field: "epochs" },
            detail: { field: "lambda" },
            color: { value: role("role_method_4") },
          },
        },
        {
          data: { name: "names" },
          mark: { type: "point", opacity: 0 },
          encoding: { x: along("room_to", x), y: along("forget", y) },
        },
        {
          data: { name: "chance" },
          mark: { type: "line", strokeWidth: 1, color: role("role_null"), strokeDash: [2, 2] },
          encoding: { x: along("accuracy", x), y: along("forget", y), order: { field: "corner" } },
        },
        // The paper's colour around a name keeps it apart from what it stands on.
        ...[{ stroke: role("paper"), strokeWidth: 3 }, { color: role("soft") }].map((look) => ({
          data: { name: "names" },
          mark: { type: "text", align: "left", dx: 6, ...look },
          encoding: { x: along("accuracy", x), y: along("forget", y), text: { field: "name", type: "nominal" } },
        })),
        // The chosen recipe over the others: where all are equal it would not be seen.
        ...["!==", "==="].map((is) => ({
          data: { name: "points" },
          transform: [{ filter: `datum.what ${is} 'chosen'` }],
          mark: { type: "point", filled: true, size: 55, opacity: 1, stroke: role("paper"), strokeWidth: 0.8 },
          encoding: {
            x: along("accuracy", x),
            y: along("forget", y),
            color: { field: "line", type: "nominal", scale: colour, legend },
            shape: {
              field: "line",
              type: "nominal",
              scale: { ...colour, range: shapes },
              legend,
            },
            ...hovers(
              ["line", "method", "text"],
              ["accuracy", "Δ accuracy"],
              ["forget", "Δ forget"],
              ["units", numbers.facts["unit"] === "draw" ? "draws" : "trials", "count"],
            ),
          },
        })),
      ],
    };
  },
};
