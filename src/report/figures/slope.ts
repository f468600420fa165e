/** The slope chart: what unlearning does to each draw's distance to retraining. */

import type { FigureNumbers } from "../../figures/numbers.js";
import { slopeNumbers } from "../../figures/slope.js";
import { extent } from "../../stats/moments.js";
import { count } from "../verdict-words.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { hovers } from "./parts.js";
import { type Role, role } from "./theme.js";
import { forgetUnit, number, whole } from "./words.js";

const [BEFORE, AFTER] = [0, 1];
/** Where the picture begins and ends, as parts of the way between the two. */
const [LEFT, RIGHT] = [-0.3, 1.42];
/** Of the last line of counts, and between two; pixels. */
const [COUNTS_AT, LINE] = [-22, 12];

/** What the draws had to do with what was chosen. */
const CHOOSING: Readonly<Record<string, string>> = {
  others: ", of those that did not choose it",
  these: ", by all of which it was chosen",
};

/** How a draw's way looks. */
const WAYS = {
  farther: { colour: "role_worse", dash: [4, 2] },
  "as far": { colour: "role_null", dash: [1, 2] },
  nearer: { colour: "role_better", dash: [1, 0] },
} as const;

export const slope: Figure = {
  kind: "slope",
  title: "Distance to retraining, before and after unlearning",
  answers: FIGURE_ANSWERS.slope,
  numbers: slopeNumbers,
  caption: (numbers) => {
    const { series, facts } = numbers;
    const [median] = series["median"];
    const [chance] = series["chance"];
    const among = CHOOSING[String(facts["chosen_by"])] ?? "";
    const noise =
      chance === undefined ? "" : ` Chance alone, a second retraining, gives ${number(chance["distance"])}.`;
    return `${facts["chosen"]} brings ${whole(facts["nearer"])} of ${count(Number(facts["draws"]), "draw")} nearer to retraining${among}; the median distance in ${forgetUnit(numbers)} goes from ${number(median["before"])} to ${number(median["after"])}.${noise}`;
  },
  aspect: 0.8,
  spec: (numbers) => {
    const y = { type: "quantitative", axis: { title: `distance to retraining (${forgetUnit(numbers)})` } };
    const x = { type: "quantitative", scale: { domain: [LEFT, RIGHT] }, axis: null };
    const way = { x: { ...x, datum: BEFORE }, x2: { datum: AFTER } };
    const { facts } = numbers;
    const apart = namesApart(numbers);
    return {
      layer: [
        {
          data: { name: "chance" },
          mark: { type: "rule", color: role("role_null"), strokeDash: [2, 2] },
          encoding: { y: { field: "distance", ...y } },
        },
        {
          data: { name: "chance" },
          mark: { type: "text", align: "right", dy: apart.chance, color: role("soft"), text: "chance alone" },
          encoding: { y: { field: "distance", ...y }, x: { ...x, datum: RIGHT } },
        },
        ...Object.entries(WAYS).map(([change, { colour, dash }]) => ({
          data: { name: "draws" },
          transform: [{ filter: `datum.change === '${change}'` }],
          mark: {
            type: "rule",
            ...{ strokeWidth: 0.8, opacity: change === "nearer" ? 0.9 : 0.5, strokeDash: dash },
            color: role(colour),
          },
          encoding: {
            ...way,
            y: { field: "before", ...y },
            y2: { field: "after" },
            ...hovers(
              ["draw", "draw", "text"],
              ["before", "before"],
              ["before_error", "± se"],
              ["after", "after"],
              ["after_error", "± se of that"],
              ["trials", "trials", "count"],
              ["stratum", "to forget", "text"],
            ),
          },
        })),
        ...(
          [
            [6, "paper"],
            [3, "ink"],
          ] as const
        ).map(([strokeWidth, colour]) => ({
          data: { name: "median" },
          mark: { type: "rule", strokeWidth, strokeCap: "round", color: role(colour) },
          encoding: { ...way, y: { field: "before", ...y }, y2: { field: "after" } },
        })),
        ...(["before", "after"] as const).flatMap((end) => {
          const isBefore = end === "before";
          const median = number(numbers.series["median"][0][end]);
          // In two lines there is room for it on a phone.
          const text = isBefore ? median : ["median", median];
          const place = { align: isBefore ? "right" : "left", dx: isBefore ? -6 : 6, dy: isBefore ? -5 : apart.median };
          // The paper's colour around it keeps it apart from what it stands on.
          return [{ stroke: role("paper"), strokeWidth: 3 }, { color: role("ink") }].map((look) => ({
            data: { name: "median" },
            mark: { type: "text", ...place, fontWeight: 600, text, ...look },
            encoding: { x: { ...x, datum: isBefore ? BEFORE : AFTER }, y: { field: end, ...y } },
          }));
        }),
        ...(
          [
            [BEFORE, "do nothing", "ink"],
            [AFTER, String(facts["chosen"]), "ink"],
          ] as const
        ).map(([at, text, colour]) => ({
          data: { name: "facts" },
          mark: { type: "text", text, y: -8, fontWeight: 600, color: role(colour) },
          encoding: { x: { ...x, datum: at } },
        })),
        ...countsOf(numbers).map(([text, colour], i, { length }) => ({
          data: { name: "facts" },
          mark: { type: "text", text, y: COUNTS_AT - LINE * (length - 1 - i), color: role(colour) },
          encoding: { x: { ...x, datum: (BEFORE + AFTER) / 2 } },
        })),
      ],
    };
  },
};

const NEAR = 0.15; // of the height

/** How far the names of the median's end and of chance stand from what they name: where these are near, away from one another. */
function namesApart({ series }: FigureNumbers): { readonly median: number; readonly chance: number } {
  const [usual, above, below] = [
    { median: -5, chance: 8 },
    { median: -14, chance: 8 },
    { median: 8, chance: -6 },
  ];
  const [after, chance] = [Number(series["median"][0]["after"]), series["chance"][0]?.["distance"]];
  if (typeof chance !== "number") return usual;
  const [, height] = extent(series["draws"].flatMap((draw) => [Number(draw["before"]), Number(draw["after"])]));
  if (Math.abs(after - chance) > NEAR * height) return usual;
  return after < chance ? below : above;
}

/** How many draws went which way, in their colours. */
function countsOf({ facts }: FigureNumbers): [text: string, colour: Role][] {
  const [nearer, farther, draws] = ["nearer", "farther", "draws"].map((name) => Number(facts[name]));
  const same = draws - nearer - farther;
  return [
    [`${count(nearer, "draw")} nearer`, "role_better"],
    [`${whole(farther)} farther (dashed)`, "role_worse"],
    ...(same === 0 ? [] : [[`${whole(same)} as far (dotted)`, "soft"] as [string, Role]]),
  ];
}
