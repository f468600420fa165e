/** The numbers of the figures of draws, against small computations of the same trials that know nothing of verdicts. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { balanced } from "../src/figures/balance.js";
import { distributionsNumbers } from "../src/figures/distributions.js";
import { drawsNumbers } from "../src/figures/draws.js";
import { memorisationNumbers } from "../src/figures/memorisation.js";
import type { FigureNumbers, FigureRow } from "../src/figures/numbers.js";
import { settlingOf } from "../src/figures/settling.js";
import { slopeNumbers } from "../src/figures/slope.js";
import type { Flags } from "../src/plan/flags.js";
import type { Question } from "../src/plan/question.js";
import { gridPlan } from "../src/plan/request.js";
import type { Figure } from "../src/report/figures/figure.js";
import { FIGURES } from "../src/report/figures/figures.js";
import { vegaSpec } from "../src/report/figures/render.js";
import { slope } from "../src/report/figures/slope.js";
import type { Sight } from "../src/verdict/sights.js";
import { plantedFile, type Truth } from "./fixtures/planted.js";
import { sightIn } from "./fixtures/sights.js";

const GRID: Flags = {
  ...{ methods: "original,retrain_scratch,retrain_twin,unlearn,fine_tune", "data-seeds": "1:8", trials: "12" },
  ...{ lambda: "1,2", epochs: "2,original=4,retrain_scratch=4,retrain_twin=4,fine_tune=2" },
};
const PLAIN: Flags = { methods: "original,retrain_scratch,unlearn", epochs: "2,original=4,retrain_scratch=4" };
/** The draw on which there is nothing to forget. */
const EMPTY = "5";
/** Those that judge what the others have chosen; of its 12 trials every fourth is set aside for memorisation. */
const JUDGING = ["1", "3", "5", "7"];
const JUDGED_BY = [1, 2, 3, 5, 6, 7, 9, 10, 11];
const SET_ASIDE = [4, 8, 12];
const T_95_OF_8 = 1.8595480375; // Student's t with 8 degrees of freedom: a printed table
const T_95_OF_2 = 2.9199855804;

const TRUTH: Truth = ({ method, lambda, draw }) => {
  if (method === "original") return { forget: draw === EMPTY ? 0 : 0.2, accuracy: 0 };
  if (method === "fine_tune") return { forget: -0.25, accuracy: 0 };
  if (method === "unlearn") return { forget: lambda === 1 ? 0.03 : -0.2, accuracy: 0 };
  return { forget: 0, accuracy: 0 };
};

async function sightOf(
  t: TestContext,
  flags: Flags = {},
  { truth = TRUTH, question = (stored: Question) => stored } = {},
): Promise<Sight> {
  return sightIn(t, await plantedFile(t, truth, [{ ...GRID, ...flags }]), question);
}

/** The forget probabilities of a method on a draw, by trial. */
type Values = (method: string, draw: string, lambda?: number) => ReadonlyMap<number, number>;

async function valuesIn({ results, sweep }: Sight): Promise<Values> {
  const cells = new Map<string, Map<number, number>>();
  for await (const { key, trials, forget_probability } of results.cellSamples(sweep)) {
    const name = `${key.method} ${key.lambda_reg} ${key.draw}`;
    cells.set(name, new Map(trials.map((trial, i) => [trial, forget_probability[i]])));
  }
  return (method, draw, lambda = 0) => cells.get(`${method} ${lambda} ${draw}`) ?? new Map();
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The differences of two cells, trial by trial. */
function between(of: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>, trials: readonly number[]) {
  const values = trials.map((trial) => (of.get(trial) ?? Number.NaN) - (other.get(trial) ?? Number.NaN));
  const center = average(values);
  const square = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
  return { difference: center, error: Math.sqrt(square / values.length) };
}

function near(actual: unknown, expected: number, what: string, within = 1e-9): void {
  assert.ok(typeof actual === "number" && Math.abs(actual - expected) < within, `${what}: ${actual}, not ${expected}`);
}

function told(found: FigureNumbers | string): FigureNumbers {
  assert.ok(typeof found !== "string", String(found));
  return found;
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

test("each draw that did not choose the recipe goes from the distance of doing nothing to that of unlearning, by the trials that judge", async (t) => {
  const sight = await sightOf(t);
  const { series, shown, facts } = told(await slopeNumbers(sight));
  const values = await valuesIn(sight);
  assert.deepEqual(
    series["draws"].map(({ draw }) => draw),
    JUDGING,
  );
  const ways = JUDGING.map((draw, i) => {
    const retrained = values("retrain_scratch", draw);
    const before = between(values("original", draw), retrained, JUDGED_BY);
    const after = between(values("unlearn", draw, 1), retrained, JUDGED_BY);
    const row = series["draws"][i];
    near(row["before"], Math.abs(before.difference), `before on ${draw}`);
    near(row["after"], Math.abs(after.difference), `after on ${draw}`);
    near(row["before_error"], before.error, `error before on ${draw}`);
    near(row["after_error"], after.error, `error after on ${draw}`);
    assert.equal(row["change"], draw === EMPTY ? "farther" : "nearer");
    assert.equal(row["trials"], JUDGED_BY.length);
    return { before: Math.abs(before.difference), after: Math.abs(after.difference) };
  });
  near(series["median"][0]["before"], middle(ways.map(({ before }) => before)), "median before");
  near(series["median"][0]["after"], middle(ways.map(({ after }) => after)), "median after");
  const noise = Array.from({ length: 8 }, (_, i) => {
    const draw = String(i + 1);
    return Math.abs(between(values("retrain_twin", draw), values("retrain_scratch", draw), JUDGED_BY).difference);
  });
  near(series["chance"][0]["distance"], middle(noise), "chance");
  assert.deepEqual(shown, [{ what: "draws", shown: 4, of: 8 }]);
  assert.deepEqual([facts["nearer"], facts["farther"], facts["draws"], facts["chosen_by"]], [3, 1, 4, "others"]);
});

test("where chance lies near the median's end their names stand on two sides of the two", () => {
  const told = (after: number, chance: number): number[] => {
    const { layer } = slope.spec({
      series: { draws: [{ before: 0.2, after: 1 }], median: [{ before: 0.1, after }], chance: [{ distance: chance }] },
      shown: [],
      facts: { chosen: "unlearn λ 1 × 1", nearer: 0, farther: 1, draws: 1 },
    });
    const marks = layer as readonly { readonly mark: Readonly<Record<string, unknown>> }[];
    const dyOf = (is: (text: unknown) => boolean) => Number(marks.find(({ mark }) => is(mark["text"]))?.mark["dy"]);
    return [dyOf((text) => text === "chance alone"), dyOf((text) => Array.isArray(text))];
  };
  const LINES = 10; // the median's second line beneath its first
  const [chanceBelow, above] = told(0.5, 0.45);
  assert.ok(above + LINES < 0 && chanceBelow > 0, `${above} ${chanceBelow}`);
  const [chanceAbove, below] = told(0.45, 0.5);
  assert.ok(below > 0 && chanceAbove < 0, `${below} ${chanceAbove}`);
  assert.deepEqual(told(0.5, 0.1), told(0.1, 0.5));
});

test("a recipe that changes nothing leaves a draw as far as it was, neither nearer nor farther", async (t) => {
  const same: Truth = () => ({ forget: 0.1, accuracy: 0 });
  const sight = await sightOf(t, { ...PLAIN, lambda: "1", trials: "4" }, { truth: same });
  // The same sample stands for both.
  const [untouched, unlearned] = ["original", "unlearn"].map((name) =>
    sight.setting.samples.filter(({ key }) => key.method === name),
  );
  const samples = sight.setting.samples.map((sample) => {
    const place = unlearned.indexOf(sample);
    return place < 0 ? sample : { ...sample, forget: untouched[place].forget };
  });
  const { facts } = told(await slopeNumbers({ ...sight, setting: { ...sight.setting, samples } }));
  assert.deepEqual([facts["nearer"], facts["farther"], facts["draws"], facts["chosen_by"]], [0, 0, 8, "none"]);
});

test("the draws of each line stand in the order of their differences, with 90 % intervals over pairs of trials, beside the verdict's mean", async (t) => {
  const sight = await sightOf(t);
  const { series, choices } = told(await drawsNumbers(sight));
  const values = await valuesIn(sight);
  const lines = ["unlearn λ 1 × 2", "original λ 0 × 4", "fine_tune λ 0 × 2", "retrain_twin λ 0 × 4"];
  assert.deepEqual(choices, { line: lines });
  for (const [line, method, lambda] of [
    [lines[0], "unlearn", 1],
    [lines[1], "original", 0],
    [lines[2], "fine_tune", 0],
    [lines[3], "retrain_twin", 0],
  ] as const) {
    const rows = series["draws"].filter((row) => row["line"] === line);
    assert.equal(rows.length, method === "unlearn" ? 4 : 8, line);
    for (const { draw, difference, error, low, high, trials } of rows) {
      const found = between(values(method, String(draw), lambda), values("retrain_scratch", String(draw)), JUDGED_BY);
      near(difference, found.difference, `${line} on ${draw}`);
      near(error, found.error, `error of ${line} on ${draw}`);
      near(low, found.difference - T_95_OF_8 * found.error, `low of ${line} on ${draw}`, 1e-8);
      near(high, found.difference + T_95_OF_8 * found.error, `high of ${line} on ${draw}`, 1e-8);
      assert.equal(trials, JUDGED_BY.length);
    }
    const differences = rows.map((row) => Number(row["difference"]));
    assert.deepEqual(
      differences,
      differences.toSorted((a, b) => a - b),
    );
    assert.deepEqual(
      rows.map(({ rank }) => rank),
      rows.map((_, i) => i + 1),
    );
    const [mean] = series["mean"].filter((row) => row["line"] === line);
    near(mean["difference"], average(differences), `mean of ${line}`);
    const row = sight.finding.verdict?.rows.find(({ recipe }) => recipe.method === method);
    assert.deepEqual({ low: mean["low"], high: mean["high"] }, row?.judgement?.forget.interval);
    const beyond = rows.filter((of) => Number(of["low"]) > 0 || Number(of["high"]) < 0).length;
    assert.deepEqual(
      series["counts"].find((of) => of["line"] === line),
      { line, draws: rows.length, intervals: rows.length, beyond },
    );
  }
});

test("copies of one run stand on a draw without an interval, since they say nothing of chance", async (t) => {
  const sight = await sightOf(t, { preset: "notebook" });
  const { series, choices } = told(await drawsNumbers(sight));
  const { samples } = sight.setting;
  const copied = [...new Set(samples.filter(({ isOneRun }) => isOneRun).map(({ key }) => key.method))];
  assert.ok(copied.includes("unlearn"), "planted as copies");
  for (const line of choices?.["line"] ?? []) {
    const isCopied = copied.some((method) => line.startsWith(`${method} `));
    for (const { low, high, error, difference } of series["draws"].filter((row) => row["line"] === line)) {
      assert.ok(Number.isFinite(difference));
      assert.deepEqual(
        [low, high, error].map((value) => value === null),
        Array(3).fill(isCopied),
        line,
      );
    }
  }
  const caption = captionOf("draws", told(await drawsNumbers(sight)));
  assert.match(caption, /^unlearn λ 1 × 2 on 4 draws, without intervals, since one run/);
});

test("memorisation is by trials that nothing else uses, and what unlearning misses by the others", async (t) => {
  const sight = await sightOf(t);
  const { series, facts, shown } = told(await memorisationNumbers(sight));
  const values = await valuesIn(sight);
  assert.deepEqual(shown, [{ what: "draws", shown: 4, of: 8 }]);
  for (const row of series["draws"]) {
    const draw = String(row["draw"]);
    const retrained = values("retrain_scratch", draw);
    const memorised = between(values("original", draw), retrained, SET_ASIDE);
    const missed = between(values("unlearn", draw, 1), retrained, JUDGED_BY);
    near(row["memorisation"], memorised.difference, `memorisation of ${draw}`);
    near(row["low"], memorised.difference - T_95_OF_2 * memorised.error, `its interval on ${draw}`, 1e-8);
    near(row["high"], memorised.difference + T_95_OF_2 * memorised.error, `its interval on ${draw}`, 1e-8);
    near(row["misses"], missed.difference, `missed on ${draw}`);
    near(row["error"], missed.error, `its error on ${draw}`);
    assert.equal(row["stratum"] === "much", draw !== EMPTY, `stratum of ${draw}`);
  }
  // Where every row rests at p, a draw of the median original misses by p − original + memorisation = p − retrained.
  const originals = JUDGING.map((draw) => average([...values("original", draw).values()]));
  near(facts["original"], middle(originals), "the median original");
  for (const { memorisation, misses, low, high } of series["settled"]) {
    const retrained = Number(facts["original"]) - Number(memorisation);
    near(misses, Number(facts["settles"]) - retrained, "the line");
    assert.ok(Number(low) <= Number(misses) && Number(misses) <= Number(high));
  }
  const ends = series["settled"].map(({ memorisation }) => Number(memorisation));
  const drawn = series["draws"].map(({ memorisation }) => Number(memorisation));
  assert.ok(ends[0] <= Math.min(...drawn) && Number(ends.at(-1)) >= Math.max(...drawn), "it goes along all draws");
});

test("of log-odds no line of the penalty is drawn, nor of a recipe without λ", async (t) => {
  const inLogOdds = await sightOf(
    t,
    {},
    {
      question: (): Question => ({ estimand: "forget_margin", margins: { forget: 0.5, accuracy: 0.01 } }),
    },
  );
  const odds = told(await memorisationNumbers(inLogOdds));
  assert.deepEqual([odds.series["settled"], odds.facts["settles"]], [[], null]);
  const without = await sightOf(t, { lambda: "0" });
  const { series, facts } = told(await memorisationNumbers(without));
  assert.deepEqual([facts["lambda"], series["settled"], facts["settles"]], [0, [], null]);
});

test("the penalty leads to where its gradient balances that of the cross-entropy", () => {
  const methods = "original,retrain_scratch,unlearn,fine_tune,gradient_ascent,relabel";
  const plan = gridPlan({ methods, samples: "500", preset: "paired" }, null);
  const key = { samples: 500, features: 4, forget_rows: 1, hidden: "8,8", learning_rate: 0.01 };
  const at = (method: string, lambda: number) =>
    settlingOf(plan, {
      ...{ ...key, preset: "paired", method, lambda_reg: lambda, epochs: 5, seed: 0, start: "", profile: "test/r1" },
    });
  near(balanced(4 / 4.2), 0.774, "as published", 5e-4);
  for (const lambda of [0.5, 2, 4.2, 40]) {
    const found = at("unlearn", lambda);
    assert.ok(found !== null);
    near(found.pull, (2 * 1001) / 501, "twice 1/(n + k) over 1/(2n + k)", 1e-12);
    // What a forget row adds to the loss: its cross-entropy, and φ = ½(p·ln 2p + (1−p)·ln 2(1−p)) of classes of one size.
    const loss = (p: number): number =>
      -Math.log(p) / 501 + ((lambda / 1001) * (p * Math.log(2 * p) + (1 - p) * Math.log(2 - 2 * p))) / 2;
    const least = loss(found.p);
    const step = 1e-4 * (1 - found.p);
    assert.ok(least < loss(found.p - step) && least < loss(found.p + step), `λ ${lambda}: ${found.p} is not the least`);
  }
  for (const [method, lambda] of [
    ["unlearn", 0],
    ["fine_tune", 1],
    ["gradient_ascent", 1],
    ["relabel", 1],
  ] as const)
    assert.equal(at(method, lambda), null, `${method} at λ ${lambda}`);
});

test("a distribution is the share of a draw's trials that are no larger, and draws are never pooled", async (t) => {
  const sight = await sightOf(t);
  const { series, choices, shown } = told(await distributionsNumbers(sight));
  const values = await valuesIn(sight);
  assert.deepEqual(
    shown.map(({ shown: count, of }) => [count, of]),
    [
      [8, 8],
      [12, 12],
    ],
  );
  assert.equal(choices?.["draw"].at(-1), EMPTY, "the most memorised first");
  for (const draw of choices?.["draw"] ?? []) {
    for (const [line, method, lambda] of [
      ["retraining", "retrain_scratch", 0],
      ["unlearn λ 1 × 2", "unlearn", 1],
      ["original λ 0 × 4", "original", 0],
    ] as const) {
      const all = [...values(method, draw, lambda).values()];
      const rows = series["steps"].filter((row) => row["draw"] === draw && row["line"] === line);
      assert.deepEqual([rows.length, rows[0]["share"], rows[0]["is_trial"]], [13, 0, false]);
      for (const { value, share, is_trial } of rows.slice(1)) {
        assert.equal(is_trial, true);
        near(share, all.filter((one) => one <= Number(value)).length / 12, `${line} on ${draw}`);
      }
    }
    // ±√(ln 20 / 24): 90 % by Dvoretzky, Kiefer and Wolfowitz, of 12 trials.
    const half = Math.sqrt(Math.log(20) / 24);
    const retrained = [...values("retrain_scratch", draw).values()];
    for (const { value, low, high } of series["band"].filter((row) => row["draw"] === draw)) {
      const share = retrained.filter((one) => one <= Number(value)).length / 12;
      near(low, Math.max(0, share - half), `band on ${draw}`);
      near(high, Math.min(1, share + half), `band on ${draw}`);
    }
  }
});

test("of many draws a dozen are kept, and of many trials two hundred steps, which is said", async (t) => {
  const sight = await sightOf(t, { "data-seeds": "1:15", ...PLAIN, trials: "8" });
  const samples = sight.setting.samples.map((sample) => {
    const long = <Value>(values: readonly Value[]): Value[] => Array.from({ length: 300 }, (_, i) => values[i % 8]);
    return {
      ...{ ...sample, trials: Array.from({ length: 300 }, (_, i) => i + 1), accuracy: long(sample.accuracy) },
      ...{ margin: long(sample.margin), test: long(sample.test) },
      forget: Array.from({ length: 300 }, (_, i) => i / 1000),
    };
  });
  const numbers = told(await distributionsNumbers({ ...sight, setting: { ...sight.setting, samples } }));
  assert.deepEqual(numbers.shown, [
    { what: "draws", shown: 12, of: 15 },
    { what: "trials of a line", shown: 200, of: 300 },
  ]);
  const [draw] = numbers.choices?.["draw"] ?? [];
  const rows = numbers.series["steps"].filter((row) => row["draw"] === draw && row["line"] === "retraining");
  assert.equal(rows.length, 201);
  for (const { value, share } of rows.slice(1)) near(share, (Math.round(Number(value) * 1000) + 1) / 300, `${value}`);
  assert.equal(rows.at(-1)?.["share"], 1);
});

test("a figure that cannot be shown says why, and what to do", async (t) => {
  const one = await sightOf(t, { "data-seeds": "1" });
  for (const numbers of [slopeNumbers, drawsNumbers, memorisationNumbers])
    assert.equal(
      await numbers(one),
      "there is one draw, and this figure is of draws: gmm-sweep resume a.db --data-seeds 1:20 adds some",
    );
  told(await distributionsNumbers(one));
  const few = await sightOf(t, { trials: "4" });
  assert.match(String(await memorisationNumbers(few)), /^what there was to forget is not known: .* 8 trials a draw/);
  const alone = await sightOf(t, {
    methods: "retrain_scratch,retrain_twin",
    epochs: "retrain_scratch=4,retrain_twin=4",
    lambda: undefined,
  });
  assert.match(String(await slopeNumbers(alone)), /^no method that unlearns has been trained: add one to --methods$/);
  const lost: Truth = (of) =>
    of.method === "retrain_scratch" ? { forget: 0, accuracy: 0, state: "diverged" } : TRUTH(of);
  const unheld = await sightOf(t, {}, { truth: lost });
  for (const { kind, numbers } of ofDraws())
    assert.match(String(await numbers(unheld)), /^nothing can be held against retraining: /, kind);
});

test("where doing nothing was not kept there is no way to begin", async (t) => {
  const sight = await sightOf(t);
  const samples = sight.setting.samples.filter(({ key }) => key.method !== "original");
  const verdict = sight.finding.verdict;
  assert.ok(verdict !== null);
  const rows = verdict.rows.filter(({ what }) => what !== "do nothing");
  const without: Sight = {
    ...{ ...sight, setting: { ...sight.setting, samples } },
    finding: { ...sight.finding, verdict: { ...verdict, rows } },
  };
  assert.match(String(await slopeNumbers(without)), /^doing nothing was not trained, .* add original to --methods$/);
  assert.match(String(await memorisationNumbers(without)), /takes original among --methods/);
});

function ofDraws(): Figure[] {
  return FIGURES.filter(({ kind }) => ["slope", "draws", "memorisation", "distributions"].includes(kind));
}

function captionOf(kind: string, numbers: FigureNumbers): string {
  const figure = FIGURES.find((one) => one.kind === kind);
  assert.ok(figure !== undefined);
  return figure.caption(numbers);
}

test("a caption says what is drawn where something else is chosen", async (t) => {
  const sight = await sightOf(t);
  const draws = told(await drawsNumbers(sight));
  const line = "original λ 0 × 4";
  const chosen = captionOf("draws", { ...draws, choices: { line: [line] } });
  assert.match(chosen, /^7 of 8 draws have a 90 % interval without 0 for original λ 0 × 4; /);
  const distributions = told(await distributionsNumbers(sight));
  const [first] = distributions.choices?.["draw"] ?? [];
  assert.match(captionOf("distributions", distributions), new RegExp(`draw ${first}, the one with the most to forget`));
  const other = captionOf("distributions", { ...distributions, choices: { draw: [EMPTY] } });
  assert.match(other, /of each method on draw 5; the band .* \(12 trials, /);
});

test("every picture is of fields that its rows have, says how much of what there is it shows, and compiles without a warning", async (t) => {
  const sight = await sightOf(t);
  const drawn: string[] = [];
  for (const figure of FIGURES) {
    const numbers = await figure.numbers(sight);
    if (typeof numbers === "string") continue;
    drawn.push(figure.kind);
    await vegaSpec(figure, numbers, { width: 336, theme: "light" });
    const { layer } = figure.spec(numbers);
    for (const one of layer) assertFields(figure.kind, one as Layer, numbers);
    assert.ok(
      numbers.shown.length > 0 && numbers.shown.every(({ shown, of }) => 0 < shown && shown <= of),
      figure.kind,
    );
    for (const [column, values] of Object.entries(numbers.choices ?? {}))
      for (const value of values) {
        const rows = Object.values(numbers.series).flat();
        assert.ok(
          rows.some((row) => row[column] === value),
          `${figure.kind}: no row of ${column} ${value}`,
        );
      }
    assert.doesNotMatch(figure.caption(numbers), /NaN|undefined|null|none|Infinity/, figure.kind);
  }
  for (const { kind } of ofDraws()) assert.ok(drawn.includes(kind), kind);
});

interface Layer {
  readonly data?: { readonly name: string };
  readonly encoding?: Readonly<Record<string, Channel | readonly Channel[]>>;
  readonly transform?: readonly object[];
}

interface Channel {
  readonly field?: string;
}

/** Of a layer with rows; what its transforms name is theirs. */
function assertFields(kind: string, { data, encoding = {}, transform = [] }: Layer, { series, facts }: FigureNumbers) {
  assert.ok(data !== undefined, `${kind}: a layer has no data`);
  const rows: readonly FigureRow[] | undefined = data.name === "facts" ? [facts] : series[data.name];
  assert.ok(rows !== undefined, `${kind}: there is no series ${data.name}`);
  if (rows.length === 0) return;
  const text = JSON.stringify(transform);
  const made = [...text.matchAll(/"as":"(\w+)"/g)].map(([, name]) => name);
  const filtered = [...text.matchAll(/datum\.(\w+)/g)].map(([, name]) => name);
  const fields = Object.values(encoding).flatMap((of) => [of].flat().map(({ field }) => field ?? null));
  for (const field of [...fields, ...filtered]) {
    if (field === null || made.includes(field)) continue;
    for (const row of rows) assert.ok(field in row, `${kind}: a row of ${data.name} has no ${field}`);
  }
}
