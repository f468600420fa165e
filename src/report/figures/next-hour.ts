/** What the next hour buys. */
import { nextHourNumbers } from "../../figures/next-hour.js";
import type { FigureNumbers } from "../../figures/numbers.js";
import { duration } from "../progress.js";
import { count } from "../verdict-words.js";
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
  isTimed: true,
  title: "What more training buys",
  answers: FIGURE_ANSWERS["next-hour"],
  numbers: nextHourNumbers,
  caption: (numbers) =>
    `The half-width of the 90 % interval that 9 of 10 sweeps planned like this meet, of so many ${soMany(numbers)}. ${hourText(numbers)}${plannedText(numbers)} The level dashed line is the margin of ${numbers.facts["margin"]}.`,
  aspect: 0.8,
  spec: (numbers) => {
    const y = `half-width (${forgetUnit(numbers)})`;
    const isTimed = numbers.facts["ms_per_epoch"] !== null;
    const { unit, seconds } = unitOf(numbers);
    const x = isTimed ? `${unit} to train here` : "epochs to train";
    const cost = along("cost", x, { scale: { type: "sqrt" }, axis: { tickCount: TICKS, format: "~s" } });
    const transform = [{ calculate: isTimed ? `datum.seconds / ${seconds}` : "datum.epochs", as: "cost" }];
    const width = along("half_width", y, { scale: { zero: true } });
    const told = hovers(
      ["draws", "draws", "count"],
      ["trials", "trials", "count"],
      ["half_width", "half-width"],
      ["power", "power"],
      ["epochs", "epochs", "count"],
    );
    // Names beside the marks would stand on one another wherever marks are near, and on the numbers of the axes.
    const isTrialsAlone = countsOf(numbers, "draws").length === 1;
    const shape = isTrialsAlone ? "trials" : "draws";
    const line = isTrialsAlone
      ? { order: { field: "trials" } }
      : { order: { field: "draws" }, strokeDash: { ...counted(numbers, "trials", DASHES), legend: STROKES } };
    return {
      layer: [
        {
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft"), strokeDash: [4, 2] },
          encoding: { y: { datum: Number(numbers.facts["margin"]), type: "quantitative", title: y } },
        },
        {
          data: { name: "choices" },
          transform,
          mark: { type: "line", color: role("soft"), strokeWidth: 0.8 },
          encoding: { x: cost, y: width, ...line },
        },
        {
          data: { name: "choices" },
          transform,
          mark: { type: "point", filled: true, size: 34, opacity: 1, color: role("role_method_1") },
          encoding: { x: cost, y: width, shape: { ...counted(numbers, shape, SHAPES), legend: MARKS }, ...told },
        },
        {
          data: { name: "choices" },
          transform: [...transform, { filter: "datum.planned" }],
          mark: { type: "point", shape: "circle", size: 130, strokeWidth: 1.4, color: role("role_worse") },
          encoding: { x: cost, y: width },
        },
      ],
    };
  },
};

const TICKS = { expr: "ceil(width / 70)" };
const MARKS = { orient: "top", direction: "horizontal", format: ",d", formatType: "number" };
const STROKES = { ...MARKS, symbolType: "stroke", symbolSize: 200 };
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross"];
const DASHES = [
  [1, 0],
  [4, 2],
  [1, 2],
];

/** A count of the pairs, each as one of these looks. */
function counted(numbers: FigureNumbers, field: string, looks: readonly unknown[]): object {
  const domain = countsOf(numbers, field);
  return { field, type: "nominal", scale: { domain, range: domain.map((_, i) => looks[i % looks.length]) } };
}

function countsOf({ series }: FigureNumbers, field: string): number[] {
  return [...new Set(series["choices"].map((choice) => Number(choice[field])))].sort((a, b) => a - b);
}

function soMany(numbers: FigureNumbers): string {
  const [draws, ...more] = countsOf(numbers, "draws");
  if (more.length > 0) return "draws (by shape) of so many trials (by line)";
  return draws === 1 ? "trials of the draw" : `trials of each of ${whole(draws)} draws`;
}

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
  const [draws, trials] = [Number(planned["draws"]), Number(planned["trials"])];
  return ` The ring, ${count(draws, "draw")} of ${count(trials, "trial")}, is around the cheapest that calls what is equal equivalent with probability 80 %.`;
}
