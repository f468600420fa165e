/** The slope chart: what unlearning does to each draw's distance to retraining. */
import { slopeNumbers } from "../../figures/slope.js";
import type { Figure } from "./figure.js";
import { role } from "./theme.js";
import { forgetUnit, number, whole } from "./words.js";

const [BEFORE, AFTER] = [0, 1];

export const slope: Figure = {
  kind: "slope",
  title: "Distance to retraining, before and after unlearning",
  answers: "does unlearning bring a draw nearer to retraining than doing nothing?",
  numbers: slopeNumbers,
  caption: (numbers) => {
    const { series, facts } = numbers;
    const [median] = series["median"];
    const [chance] = series["chance"];
    const among = facts["others_chose"] === true ? ", of those that did not choose it" : "";
    const noise =
      chance === undefined ? "" : ` Chance alone, a second retraining, gives ${number(chance["distance"])}.`;
    return `${facts["chosen"]} brings ${whole(facts["nearer"])} of ${whole(facts["draws"])} draws nearer to retraining${among}; the median distance in ${forgetUnit(numbers)} goes from ${number(median["before"])} to ${number(median["after"])}.${noise}`;
  },
  aspect: 0.8,
  spec: (numbers) => {
    const y = { type: "quantitative", axis: { title: `distance to retraining (${forgetUnit(numbers)})` } };
    const x = { type: "quantitative", scale: { domain: [-0.3, 1.3] }, axis: null };
    const way = { x: { ...x, datum: BEFORE }, x2: { datum: AFTER } };
    const { facts } = numbers;
    const nearer = Number(facts["nearer"]);
    return {
      layer: [
        {
          data: { name: "chance" },
          mark: { type: "rule", color: role("role_null"), strokeDash: [2, 2] },
          encoding: { y: { field: "distance", ...y } },
        },
        {
          data: { name: "chance" },
          mark: { type: "text", align: "right", dy: -4, color: role("soft"), text: "chance alone" },
          encoding: { y: { field: "distance", ...y }, x: { ...x, datum: 1.3 } },
        },
        ...(["farther", "nearer"] as const).map((change) => ({
          data: { name: "draws" },
          transform: [{ filter: `datum.change === '${change}'` }],
          mark: {
            type: "rule",
            ...{ strokeWidth: 0.8, opacity: 0.55, strokeDash: change === "farther" ? [4, 2] : [1, 0] },
            color: role(change === "nearer" ? "role_better" : "role_worse"),
          },
          encoding: {
            ...way,
            y: { field: "before", ...y },
            y2: { field: "after" },
            tooltip: [
              { field: "draw", title: "draw" },
              { field: "before", title: "before", format: ".4f" },
              { field: "after", title: "after", format: ".4f" },
              { field: "trials", title: "trials" },
              { field: "stratum", title: "to forget" },
            ],
          },
        })),
        {
          data: { name: "median" },
          mark: { type: "rule", strokeWidth: 3, color: role("ink") },
          encoding: { ...way, y: { field: "before", ...y }, y2: { field: "after" } },
        },
        ...(["before", "after"] as const).map((end) => ({
          data: { name: "median" },
          mark: {
            type: "text",
            ...{ align: end === "before" ? "right" : "left", dx: end === "before" ? -5 : 5 },
            fontWeight: 600,
          },
          encoding: {
            x: { ...x, datum: end === "before" ? BEFORE : AFTER },
            y: { field: end, ...y },
            text: { field: end, type: "quantitative", format: ".3f" },
          },
        })),
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
        ...(
          [
            [8, `${nearer} draws nearer`, "role_better"],
            [20, `${Number(facts["draws"]) - nearer} farther (dashed)`, "role_worse"],
          ] as const
        ).map(([at, text, colour]) => ({
          data: { name: "facts" },
          mark: { type: "text", text, y: at, color: role(colour) },
          encoding: { x: { ...x, datum: (BEFORE + AFTER) / 2 } },
        })),
      ],
    };
  },
};
