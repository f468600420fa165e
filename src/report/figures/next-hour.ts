/** What the next hour buys. */
import { nextHourNumbers } from "../../figures/next-hour.js";
import type { FigureNumbers } from "../../figures/numbers.js";
import { duration } from "../progress.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { along, hovers } from "./parts.js";
import { role } from "./theme.js";
import { forgetUnit, number, whole } from "./words.js";

/** What time is told in, by how many seconds the dearest pair takes; the last for all that is more. */
const UNITS = [
  { upTo: 120, unit: "seconds", seconds: 1 },
  { upTo: 7200, unit: "minutes", seconds: 60 },
  { upTo: Number.POSITIVE_INFINITY, unit: "hours", seconds: 3600 },
] as const;

export const nextHour: Figure = {
  kind: "next-hour",
  title: "What more training buys",
  answers: FIGURE_ANSWERS["next-hour"],
  numbers: nextHourNumbers,
  caption: (numbers) =>
    `The half-width of the 90 % interval that 9 of 10 sweeps planned like this meet, of so many draws (beneath the lowest line) and trials (at each line's end). ${hourText(numbers)}${plannedText(numbers)} The dashed line is the margin of ${numbers.facts["margin"]}.`,
  aspect: 0.75,
  spec: (numbers) => {
    const y = `half-width (${forgetUnit(numbers)})`;
    const isTimed = numbers.facts["ms_per_epoch"] !== null;
    const { unit, seconds } = unitOf(numbers);
    const x = isTimed ? `${unit} to train here` : "epochs to train";
    const cost = along("cost", x, { scale: { type: "sqrt" }, axis: { tickCount: 5, format: "~s" } });
    const costs = { calculate: isTimed ? `datum.seconds / ${seconds}` : "datum.epochs", as: "cost" };
    const width = along("half_width", y, { scale: { zero: true } });
    return {
      layer: [
        {
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft"), strokeDash: [4, 2] },
          encoding: { y: { datum: Number(numbers.facts["margin"]), type: "quantitative", title: y } },
        },
        {
          data: { name: "choices" },
          transform: [costs],
          mark: { type: "line", color: role("soft"), strokeWidth: 0.5 },
          encoding: { x: cost, y: width, detail: { field: "trials" }, order: { field: "draws" } },
        },
        {
          data: { name: "choices" },
          transform: [costs],
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
        {
          data: { name: "choices" },
          transform: [
            costs,
            { joinaggregate: [{ op: "min", field: "trials", as: "fewest" }] },
            { filter: "datum.trials === datum.fewest" },
          ],
          mark: { type: "text", baseline: "top", dy: 5, color: role("soft") },
          encoding: { x: cost, y: width, text: { field: "draws", type: "nominal" } },
        },
        {
          data: { name: "choices" },
          transform: [
            costs,
            { joinaggregate: [{ op: "max", field: "draws", as: "most" }], groupby: ["trials"] },
            { filter: "datum.draws === datum.most" },
            { calculate: "datum.trials + ' trials'", as: "named" },
          ],
          mark: { type: "text", align: "right", baseline: "top", dx: 6, dy: 15, color: role("soft") },
          encoding: { x: cost, y: width, text: { field: "named", type: "nominal" } },
        },
      ],
    };
  },
};

function unitOf({ series }: FigureNumbers): (typeof UNITS)[number] {
  const most = Math.max(...series["choices"].map((choice) => Number(choice["seconds"])));
  return UNITS.find(({ upTo }) => most < upTo) ?? UNITS[UNITS.length - 1];
}

function hourText({ facts }: FigureNumbers): string {
  const { ms_per_epoch, within_hour, most_seconds, threads } = facts;
  if (ms_per_epoch === null)
    return "What trained the sweep is not on this machine, so that its cost is told in epochs.";
  const here = `on ${whole(threads)} threads here`;
  if (most_seconds !== null)
    return `None of them takes an hour ${here}: the longest takes ${duration(1000 * Number(most_seconds))}, and the narrowest is ${number(within_hour)}.`;
  if (within_hour === null) return `An hour ${here} is too short for the least of them.`;
  return `An hour ${here} brings the half-width to ${number(within_hour)} at best.`;
}

function plannedText({ series }: FigureNumbers): string {
  const planned = series["choices"].find((choice) => choice["planned"] === true);
  if (planned === undefined) return "";
  return ` The diamond, ${whole(planned["draws"])} draws of ${whole(planned["trials"])} trials, is the cheapest that calls what is equal equivalent with probability 80 %.`;
}
