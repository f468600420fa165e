/** The caterpillar: each draw's difference to retraining. */
import { drawsNumbers } from "../../figures/draws.js";
import { count } from "../verdict-words.js";
import type { Figure } from "./figure.js";
import { FIGURE_ANSWERS } from "./kinds.js";
import { along, hovers, only } from "./parts.js";
import { role } from "./theme.js";
import { choice, forgetUnit, number, whole } from "./words.js";

const RANKS = { title: "draws, by their difference", labels: false, ticks: false, grid: false };

export const draws: Figure = {
  kind: "draws",
  title: "Difference to retraining, draw by draw",
  answers: FIGURE_ANSWERS.draws,
  numbers: drawsNumbers,
  caption: (numbers) => {
    const { facts, series } = numbers;
    const line = choice(numbers, "line");
    const mean = series["mean"].find((of) => of["line"] === line);
    const [{ draws = 0, intervals = 0, beyond = 0 }] = series["counts"].filter((of) => of["line"] === line);
    const overall =
      mean === undefined
        ? ""
        : `; their mean, the thick line, is ${number(mean["difference"])}, ${number(mean["low"])} to ${number(mean["high"])} with 90 % confidence, the band around it`;
    const said =
      intervals === 0
        ? `${line} on ${count(Number(draws), "draw")}, without intervals, since one run or one trial on each says nothing of chance there`
        : `${whole(beyond)} of ${count(Number(intervals), "draw")} ${beyond === 1 ? "has" : "have"} a 90 % interval without 0 for ${line}`;
    return `${said}${overall}. The band around 0 is the margin of ±${facts["margin"]}.`;
  },
  aspect: 0.95,
  spec: (numbers) => {
    const title = `difference to retraining (${forgetUnit(numbers)})`;
    const rank = { field: "rank", type: "quantitative", axis: RANKS, scale: { nice: false, zero: false, padding: 5 } };
    const margin = Number(numbers.facts["margin"]);
    return {
      layer: [
        {
          data: { name: "facts" },
          mark: { type: "rect", color: role("role_margin") },
          encoding: { x: { datum: -margin, type: "quantitative", title }, x2: { datum: margin } },
        },
        {
          data: { name: "facts" },
          mark: { type: "rule", color: role("soft") },
          encoding: { x: { datum: 0, type: "quantitative", title } },
        },
        {
          data: { name: "mean" },
          ...only("line"),
          mark: { type: "rect", color: role("role_worse"), opacity: 0.25 },
          encoding: { x: along("low", title), x2: { field: "high" } },
        },
        {
          data: { name: "draws" },
          ...only("line"),
          mark: { type: "rule", strokeWidth: 0.8, color: role("role_null") },
          encoding: { x: along("low", title), x2: { field: "high" }, y: rank },
        },
        {
          data: { name: "draws" },
          ...only("line"),
          mark: { type: "point", filled: true, size: 9, color: role("role_method_1"), opacity: 1 },
          encoding: {
            x: along("difference", title),
            y: rank,
            ...hovers(
              ["draw", "draw", "text"],
              ["difference", "difference"],
              ["error", "± se"],
              ["low", "from"],
              ["high", "to"],
              ["trials", "trials", "count"],
              ["stratum", "to forget", "text"],
            ),
          },
        },
        {
          data: { name: "mean" },
          ...only("line"),
          mark: { type: "rule", color: role("role_worse"), strokeWidth: 1.5 },
          encoding: {
            x: along("difference", title),
            ...hovers(
              ["difference", "mean"],
              ["error", "± se"],
              ["low", "from"],
              ["high", "to"],
              ["draws", "draws", "count"],
            ),
          },
        },
        {
          data: { name: "mean" },
          ...only("line"),
          mark: { type: "text", y: -6, text: "mean", fontWeight: 600, color: role("role_worse") },
          encoding: { x: along("difference", title) },
        },
        {
          data: { name: "facts" },
          mark: { type: "text", y: -18, text: `margin ±${margin}`, color: role("soft") },
          encoding: { x: { datum: 0, type: "quantitative", title } },
        },
      ],
    };
  },
};
