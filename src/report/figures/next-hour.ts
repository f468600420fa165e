/** What the next hour buys. */
import { nextHourNumbers } from "../../figures/next-hour.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { along, hovers } from "./parts.js";
import { role } from "./theme.js";
import { forgetUnit, number, whole } from "./words.js";

const DECADES = 9; // more than are ever shown

export const nextHour: Figure = {
  kind: "next-hour",
  title: "What more training buys",
  answers: FIGURE_ANSWERS["next-hour"],
  numbers: nextHourNumbers,
  caption: (numbers) => {
    const { facts } = numbers;
    const hour =
      facts["ms_per_epoch"] === null
        ? "What trained the sweep is not on this machine, so that its cost is told in epochs."
        : facts["within_hour"] === null
          ? `An hour on ${whole(facts["threads"])} threads here is too short for the least of them.`
          : `An hour on ${whole(facts["threads"])} threads here brings the half-width to ${number(facts["within_hour"])} at best.`;
    return `The half-width of the 90 % interval that 9 of 10 sweeps planned like this meet, of so many draws × trials. ${hour} The dashed line is the margin of ${facts["margin"]}.`;
  },
  aspect: 0.75,
  spec: (numbers) => {
    const y = `half-width (${forgetUnit(numbers)})`;
    const isTimed = numbers.facts["ms_per_epoch"] !== null;
    const x = isTimed ? "hours to train here" : "epochs to train";
    const least = isTimed ? 0.01 : 1000;
    const cost = along(isTimed ? "hours" : "epochs", x, {
      scale: { type: "symlog", constant: least },
      axis: {
        values: [0, ...Array.from({ length: DECADES }, (_, i) => least * 10 ** i)],
        format: isTimed ? "~g" : "~s",
      },
    });
    const width = along("half_width", y, { scale: { zero: true } });
    return {
      layer: [
        {
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft"), strokeDash: [4, 2] },
          encoding: { y: { datum: Number(numbers.facts["margin"]), type: "quantitative", title: y } },
        },
        ...(isTimed
          ? [
              {
                data: { name: "facts" },
                mark: { type: "rule", color: role("soft") },
                encoding: { x: { ...cost, field: undefined, datum: 1 } },
              },
            ]
          : []),
        {
          data: { name: "choices" },
          mark: { type: "line", color: role("soft"), strokeWidth: 0.5 },
          encoding: { x: cost, y: width, detail: { field: "trials" }, order: { field: "draws" } },
        },
        {
          data: { name: "choices" },
          mark: { type: "point", filled: true, size: 30, opacity: 1 },
          encoding: {
            x: cost,
            y: width,
            color: {
              condition: { test: "datum.planned", value: role("role_worse") },
              value: role("role_method_1"),
            },
            shape: { condition: { test: "datum.planned", value: "diamond" }, value: "circle" },
            ...hovers(
              ["draws", "draws", "count"],
              ["trials", "trials", "count"],
              ["half_width", "half-width"],
              ["power", "power"],
              ["epochs", "epochs", "count"],
            ),
          },
        },
        // Fewer trials stand lower: their names stand beneath.
        ...["===", "!=="].map((is) => ({
          data: { name: "choices" },
          transform: [
            { joinaggregate: [{ op: "min", field: "trials", as: "fewest" }] },
            { filter: `datum.trials ${is} datum.fewest` },
            { calculate: "datum.draws + ' × ' + datum.trials", as: "pair" },
          ],
          mark: { type: "text", align: "left", dx: 5, dy: is === "===" ? 7 : -4, color: role("soft") },
          encoding: { x: cost, y: width, text: { field: "pair", type: "nominal" } },
        })),
      ],
    };
  },
};
