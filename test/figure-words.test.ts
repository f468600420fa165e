/** The words of pictures: none stands on another, at every width that is drawn. */
import assert from "node:assert/strict";
import test from "node:test";
import type { FigureNumbers } from "../src/figures/numbers.js";
import { pathNames } from "../src/figures/path-names.js";
import type { Figure } from "../src/report/figures/figure.js";
import { FIGURES } from "../src/report/figures/figures.js";
import { looksOf } from "../src/report/figures/parts.js";
import { svgOf, vegaSpec } from "../src/report/figures/render.js";
import { COLUMNS, pixels } from "../src/report/figures/theme.js";
import { picturedFile } from "./fixtures/pictured.js";
import { seenIn } from "./fixtures/sights.js";

/** Of a column, of two, and of a phone's page and a desktop's, as both lay them out. */
const WIDTHS = [pixels(COLUMNS[1]), pixels(COLUMNS[2]), 270, 420].map(Math.round);
const [LEAST_ACROSS, LEAST_UP] = [0.5, 2.5]; // pixels of two boxes of text, which are higher than their letters

interface Word {
  readonly text: string;
  readonly box: { readonly x1: number; readonly x2: number; readonly y1: number; readonly y2: number };
}

/** What vega says of what it has drawn. */
interface Item {
  readonly marktype?: string;
  readonly text?: unknown;
  readonly x?: number;
  readonly y?: number;
  readonly bounds: Word["box"];
  readonly items?: readonly Item[];
}

function wordsIn(item: Item, x = 0, y = 0): Word[] {
  const isGroup = item.marktype === undefined && item.items !== undefined;
  const [left, top] = isGroup ? [x + (item.x ?? 0), y + (item.y ?? 0)] : [x, y];
  if (item.marktype !== "text") return (item.items ?? []).flatMap((one) => wordsIn(one, left, top));
  return (item.items ?? []).flatMap(({ text, bounds: { x1, x2, y1, y2 } }) =>
    text === undefined || text === ""
      ? []
      : [{ text: String(text), box: { x1: x1 + left, x2: x2 + left, y1: y1 + top, y2: y2 + top } }],
  );
}

let isMeasured = false;

/** Pairs of words that stand on one another; the same word twice is one with an edge around it. */
async function overlaps(figure: Figure, numbers: FigureNumbers, width: number): Promise<string[]> {
  // The first picture makes vega measure words by the font that is drawn.
  if (!isMeasured) await svgOf(figure, numbers, { width: COLUMNS[1], theme: "light" });
  isMeasured = true;
  const { View, parse } = await import("vega");
  const view = new View(parse(await vegaSpec(figure, numbers, { width, theme: "light" })), { renderer: "none" });
  await view.runAsync();
  const words = wordsIn((view.scenegraph() as unknown as { root: Item }).root);
  view.finalize();
  assert.ok(words.length > 0, figure.kind);
  return words.flatMap((one, i) =>
    words.slice(i + 1).flatMap((other) => {
      const across = Math.min(one.box.x2, other.box.x2) - Math.max(one.box.x1, other.box.x1);
      const up = Math.min(one.box.y2, other.box.y2) - Math.max(one.box.y1, other.box.y1);
      if (one.text === other.text || across < LEAST_ACROSS || up < LEAST_UP) return [];
      return [`${figure.kind} at ${width}: "${one.text}" and "${other.text}"`];
    }),
  );
}

test("no word of a figure stands on another, at any width, whatever is chosen", async (t) => {
  const { sights } = await seenIn(t, await picturedFile(t));
  const found: string[] = [];
  for (const sight of sights)
    for (const figure of FIGURES) {
      const numbers = await figure.numbers(sight);
      assert.ok(typeof numbers !== "string", `${figure.kind}: ${String(numbers)}`);
      for (const choices of choicesOf(numbers))
        for (const width of WIDTHS) found.push(...(await overlaps(figure, { ...numbers, choices }, width)));
    }
  assert.deepEqual(found, []);
});

/** The first values, and the last two of each column. */
function choicesOf({ choices = {} }: FigureNumbers): Record<string, readonly string[]>[] {
  const others = Object.entries(choices).flatMap(([column, values]) =>
    values
      .slice(1)
      .slice(-2)
      .map((value) => ({ ...choices, [column]: [value] })),
  );
  return [choices, ...others];
}

test("chance is named beside the median where both are near the same distance", async () => {
  const figure = FIGURES.find(({ kind }) => kind === "slope");
  assert.ok(figure !== undefined);
  const numbers: FigureNumbers = {
    series: {
      draws: [{ draw: "1", before: 0.0001, after: 0.6, change: "farther", stratum: null }],
      ...{ median: [{ before: 0.0001, after: 0.0005 }], chance: [{ distance: 0.0001, draws: 1 }] },
    },
    shown: [{ what: "draws", shown: 1, of: 1 }],
    facts: { estimand: "forget_probability", chosen: "unlearn", chosen_by: "none", nearer: 0, farther: 1, draws: 1 },
  };
  for (const width of WIDTHS) assert.deepEqual(await overlaps(figure, numbers, width), []);
});

test("paths that end near one another have one name together, and no two names touch", async () => {
  const figure = FIGURES.find(({ kind }) => kind === "trade-off");
  assert.ok(figure !== undefined);
  const ends = [0, 1, 1.5, 2, 4, 6, 8, 10].map((lambda, i) => ({
    ...{ lambda, accuracy: i < 3 ? 0 : -0.01 * i, forget: i < 3 ? 0.001 * i : -0.02 * i },
  }));
  const begun = ends.map(({ lambda }) => ({ lambda, accuracy: -0.4, forget: -0.25 }));
  const names = pathNames(ends, { all: [...begun, ...ends], marks: [] });
  assert.ok(names.some(({ name }) => name === "λ 0, 1, 1.5"));
  const told = names.flatMap(({ name }) => name.slice(2).split(", ").map(Number));
  assert.deepEqual(
    told.toSorted((a, b) => a - b),
    ends.map(({ lambda }) => lambda),
  );
  const paths = [...begun.map((at) => ({ ...at, epochs: 1 })), ...ends.map((at) => ({ ...at, epochs: 9 }))];
  const numbers: FigureNumbers = {
    series: {
      ...{ points: [{ line: "unlearn", what: "chosen", accuracy: -0.2, forget: -0.1, units: 9 }], paths },
      ...{ names: names.map((name) => ({ ...name })), chance: [] },
    },
    shown: [{ what: "λ", shown: 8, of: 8 }],
    facts: { estimand: "forget_probability", forget_margin: 0.05, accuracy_margin: 0.01, units: 9, unit: "draw" },
  };
  for (const width of WIDTHS) assert.deepEqual(await overlaps(figure, numbers, width), []);
});

test("paths that end far from one another have names of their own, each with room on its right", () => {
  const ends = [1, 2].map((lambda) => ({ lambda, accuracy: 0, forget: lambda }));
  const names = pathNames(ends, { all: [...ends, { accuracy: -1, forget: 0 }], marks: [] });
  assert.deepEqual(
    names.map(({ name, forget, accuracy }) => [name, forget, accuracy]),
    [
      ["λ 1", 1, 0],
      ["λ 2", 2, 0],
    ],
  );
  assert.ok(names.every(({ room_to }) => room_to > 0));
});

test("a name stands beside a mark that would hide it", () => {
  const ends = [1, 2].map((lambda) => ({ lambda, accuracy: 0, forget: lambda }));
  const all = [...ends, { accuracy: -1, forget: 0 }];
  const [hidden] = pathNames(ends, { all, marks: [] });
  const [beside] = pathNames(ends, { all, marks: [{ accuracy: 0.03, forget: 1.01 }] });
  assert.equal(hidden.forget, 1);
  assert.ok(Math.abs(beside.forget - 1.01) > 0.13 && beside.accuracy === hidden.accuracy);
});

test("no two of many methods look alike in colour and dash", () => {
  const lines = Array.from({ length: 12 }, (_, i) => ({ line: `m${i}`, what: "method" }));
  const { colour, dash } = looksOf(lines) as unknown as Record<
    "colour" | "dash",
    { readonly range: readonly unknown[] }
  >;
  const looks = lines.map((_, i) => JSON.stringify([colour.range[i], dash.range[i]]));
  assert.equal(new Set(looks).size, lines.length);
});
