/** The numbers of the figures of settings and of chance, against small computations of the same trials. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { pValueNumbers, zipNumbers } from "../src/figures/chance.js";
import { curveNumbers } from "../src/figures/curves.js";
import { mapNumbers } from "../src/figures/map.js";
import { nextHourNumbers } from "../src/figures/next-hour.js";
import type { FigureNumbers, FigureRow } from "../src/figures/numbers.js";
import { tradeOffNumbers } from "../src/figures/trade-off.js";
import type { Flags } from "../src/plan/flags.js";
import type { Sight } from "../src/verdict/sights.js";
import { trainedFile } from "./fixtures/grids.js";
import { picturedFile } from "./fixtures/pictured.js";
import { sightIn } from "./fixtures/sights.js";

async function sightOf(t: TestContext, flags: Flags = {}): Promise<Sight> {
  return sightIn(t, await picturedFile(t, flags));
}

function shown(numbers: FigureNumbers | string): FigureNumbers {
  if (typeof numbers === "string") throw new Error(numbers);
  return numbers;
}

type Measure = "forget_probability" | "train_accuracy";

/** The mean over draws of a cell's mean difference to retraining, by trials that are not set aside for memorisation. */
async function meanDifference(
  { results, sweep }: Sight,
  { method, lambda, epochs }: { method: string; lambda: number; epochs: number },
  measure: Measure,
  draws: (draw: string) => boolean = () => true,
): Promise<number> {
  const [mine, theirs] = [new Map<string, number>(), new Map<string, number>()];
  for await (const cell of results.cellSamples(sweep)) {
    const { key } = cell;
    const kept = cell[measure].filter((_, i) => cell.trials[i] % 4 !== 0);
    const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
    if (key.method === method && key.lambda_reg === lambda && key.epochs === epochs) mine.set(key.draw, mean);
    if (key.method === "retrain_scratch") theirs.set(key.draw, mean);
  }
  const all = [...mine].filter(([draw]) => draws(draw)).map(([draw, mean]) => mean - (theirs.get(draw) ?? Number.NaN));
  return all.reduce((sum, value) => sum + value, 0) / all.length;
}

function near(given: unknown, wanted: number, what = ""): void {
  assert.ok(Math.abs(Number(given) - wanted) < 1e-12, `${what}: ${String(given)} is not ${wanted}`);
}

test("the map has every recipe of a method with several, once a measure, each with its mean difference", async (t) => {
  const sight = await sightOf(t);
  const { series, shown: counts, choices, facts } = shown(await mapNumbers(sight));
  assert.deepEqual(counts, [{ what: "recipes", shown: 9, of: 9 }]);
  assert.deepEqual(choices, { measure: ["forget", "accuracy"], method: ["unlearn"] });
  assert.equal(series["cells"].length, 18);
  for (const { method, measure, lambda, epochs, difference, low, high } of series["cells"]) {
    const of = { method: String(method), lambda: Number(lambda), epochs: Number(epochs) };
    const wanted = await meanDifference(sight, of, measure === "forget" ? "forget_probability" : "train_accuracy");
    near(difference, wanted, `${lambda} × ${epochs}`);
    assert.ok(Number(low) < wanted && wanted < Number(high));
  }
  assert.equal(series["cells"].filter(({ chosen, measure }) => chosen && measure === "forget").length, 1);
  assert.equal(facts["recipes"], 9);
});

test("a cell of the map is equivalent where both its bands lie within their margins", async (t) => {
  const { series, facts } = shown(await mapNumbers(await sightOf(t)));
  const { margins } = (await sightOf(t)).question;
  const isWithin = (cell: FigureRow): boolean => {
    const both = series["cells"].filter(({ lambda, epochs }) => lambda === cell["lambda"] && epochs === cell["epochs"]);
    return both.every(({ measure, low, high }) => {
      const margin = margins[measure as "forget" | "accuracy"];
      return -margin < Number(low) && Number(high) < margin;
    });
  };
  for (const cell of series["cells"]) assert.equal(cell["equivalent"], isWithin(cell));
  assert.equal(facts["equivalent"], series["cells"].filter(({ equivalent }) => equivalent).length / 2);
});

test("methods of one recipe are no map, and the sentence says what trains one", async (t) => {
  const none = await mapNumbers(
    await sightOf(t, { lambda: "1", epochs: "unlearn=2,original=4,retrain_scratch=4,retrain_twin=4,fine_tune=2" }),
  );
  assert.equal(
    none,
    "each method has one λ and one epoch count: its command, which gmm-sweep status a.db shows, with --lambda 0:10:0.5 --epochs 1:50 trains a map",
  );
});

test("the trade-off plane has the mean differences of the lines, and paths from the fewest epochs to the most", async (t) => {
  const sight = await sightOf(t);
  const { series } = shown(await tradeOffNumbers(sight));
  // All marks are of the draws that judge the chosen recipe: every other one, from the first.
  const judging = (draw: string): boolean => Number(draw) % 2 === 1;
  const untouched = series["points"].find(({ what }) => what === "do nothing");
  const nothing = { method: "original", lambda: 0, epochs: 4 };
  near(untouched?.["forget"], await meanDifference(sight, nothing, "forget_probability", judging));
  near(untouched?.["accuracy"], await meanDifference(sight, nothing, "train_accuracy", judging));
  assert.deepEqual(
    series["paths"].map(({ lambda, epochs }) => [lambda, epochs]),
    [0, 1, 2].flatMap((lambda) => [1, 2, 3].map((epochs) => [lambda, epochs])),
  );
  const of = { method: "unlearn", lambda: 2, epochs: 3 };
  near(series["paths"].at(-1)?.["forget"], await meanDifference(sight, of, "forget_probability", judging));
});

test("the ellipse is where Hotelling's statistic of the null is at its limit", async (t) => {
  const sight = await sightOf(t);
  const { series } = shown(await tradeOffNumbers(sight));
  const twin = { method: "retrain_twin", lambda: 0, epochs: 4 };
  const pairs = await Promise.all(
    ["1", "3", "5", "7"].map(async (draw) => [
      await meanDifference(sight, twin, "train_accuracy", (one) => one === draw),
      await meanDifference(sight, twin, "forget_probability", (one) => one === draw),
    ]),
  );
  const n = pairs.length;
  const [x, y] = [0, 1].map((i) => pairs.reduce((sum, pair) => sum + pair[i], 0) / n);
  const covariance = (i: number, j: number): number =>
    pairs.reduce((sum, pair) => sum + (pair[i] - [x, y][i]) * (pair[j] - [x, y][j]), 0) / (n - 1);
  const [a, b, c] = [covariance(0, 0), covariance(0, 1), covariance(1, 1)];
  const limit = ((2 * (n - 1)) / (n - 2)) * 9; // F(.9; 2, 2): a printed table
  assert.equal(series["chance"].length, 61);
  for (const { accuracy, forget } of series["chance"]) {
    const [u, v] = [Number(accuracy) - x, Number(forget) - y];
    const statistic = (n * (c * u * u - 2 * b * u * v + a * v * v)) / (a * c - b * b);
    assert.ok(Math.abs(statistic / limit - 1) < 1e-4, `${statistic} is not ${limit}`);
  }
});

test("the zip plot counts the intervals that hold 0, the nearest to it first, and p-values are theirs", async (t) => {
  const sight = await sightOf(t);
  const zip = shown(await zipNumbers(sight));
  const sizes = zip.series["intervals"].map(({ difference, error }) => Math.abs(Number(difference)) / Number(error));
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => a - b),
  );
  for (const { low, high, holds, p } of zip.series["intervals"]) {
    assert.equal(holds, Number(low) <= 0 && Number(high) >= 0 ? "holds 0" : "misses 0");
    assert.equal(holds === "misses 0", Number(p) < 0.1);
  }
  assert.equal(zip.facts["holding"], zip.series["intervals"].filter(({ holds }) => holds === "holds 0").length);
  const { series, facts } = shown(await pValueNumbers(sight));
  const steps = series["steps"].slice(1);
  assert.deepEqual(
    steps.map(({ p }) => p),
    zip.series["intervals"].map(({ p }) => p).toSorted((a, b) => Number(a) - Number(b)),
  );
  const distances = steps.flatMap(({ p }, i) => [(i + 1) / 8 - Number(p), Number(p) - i / 8]);
  near(facts["farthest"], Math.max(...distances));
});

test("without a second retraining the self-check says what brings one", async (t) => {
  const sight = await sightOf(t, {
    methods: "original,retrain_scratch,unlearn",
    epochs: "unlearn=1:3,original=4,retrain_scratch=4",
  });
  for (const numbers of [await zipNumbers(sight), await pValueNumbers(sight)])
    assert.match(String(numbers), /gmm-sweep resume a\.db --with-null trains it$/);
});

test("where one draw was left to look at, the figure says that it was not the sweep that has one", async (t) => {
  const sight = await sightOf(t, { "data-seeds": "1" });
  assert.match(String(await zipNumbers({ ...sight, draws: "1" })), /^--draws 1 leaves one draw, .* leave it out$/);
});

test("a learning curve is the mean over draws of the means over trials, and begins where its start ended", async (t) => {
  const path = await trainedFile(t, {
    ...{ "data-seeds": "1:3", trials: "2", lambda: "1", epochs: "3,original=5,retrain_scratch=5", preset: "paired" },
    ...{ samples: "40", features: "3", hidden: "6,4", engine: "reference" },
  });
  const sight = await sightIn(t, path);
  const { series, facts } = shown(await curveNumbers(sight));
  assert.equal(facts["unit"], "draw");
  const at = (what: string, epoch: number): FigureRow | undefined =>
    series["points"].find(
      (row) => row["what"] === what && row["epoch"] === epoch && row["measure"] === "forget_probability",
    );
  const means: number[] = [];
  for (const draw of ["1", "2", "3"]) {
    const values: number[] = [];
    for (const trial of [1, 2])
      for (const one of await sight.results.trajectories(sight.sweep, "unlearn", trial)) {
        if (one.draw !== draw) continue;
        const [epoch] = (await sight.results.curve(one.source, 3)).slice(1);
        values.push(Number(epoch.forget_probability));
      }
    means.push(values.reduce((sum, value) => sum + value, 0) / values.length);
  }
  near(at("chosen", 7)?.["value"], means.reduce((sum, value) => sum + value, 0) / 3);
  assert.deepEqual([at("chosen", 7)?.["draws"], at("chosen", 7)?.["runs"]], [3, 6]);
  assert.equal(at("chosen", 5), undefined);
  assert.notEqual(at("retraining", 5), undefined);
});

test("an interval of a curve ends where its measure does, and of one run there is none", async (t) => {
  const small = { samples: "40", features: "3", hidden: "6,4", engine: "reference" };
  const path = await trainedFile(t, {
    ...{ "data-seeds": "1:2", trials: "2", lambda: "1", epochs: "3,original=30,retrain_scratch=30", preset: "paired" },
    ...small,
  });
  const { series } = shown(await curveNumbers(await sightIn(t, path)));
  const of = (measure: string) => series["points"].filter((row) => row["measure"] === measure);
  for (const measure of ["forget_probability", "train_accuracy"]) {
    const ends = of(measure).flatMap(({ low, high }) => [Number(low), Number(high)]);
    assert.deepEqual([Math.min(...ends), Math.max(...ends)], [0, 1], measure);
  }
  for (const { low, value } of of("cross_entropy")) assert.ok(Number(low) >= 0 && Number(low) <= Number(value));
  assert.ok(of("forget_margin").some(({ low }) => Number(low) < 0));
  // Of the notebook's preset the trials of what goes on from the original are copies of one run.
  const single = await trainedFile(t, {
    ...{ "data-seeds": "1", trials: "2", lambda: "1", epochs: "3,original=5,retrain_scratch=5", preset: "notebook" },
    ...small,
  });
  for (const { what, low, high, runs } of shown(await curveNumbers(await sightIn(t, single))).series["points"]) {
    assert.equal(runs, what === "chosen" ? 1 : 2);
    assert.deepEqual([low === null, high === null], [what === "chosen", what === "chosen"]);
  }
});

test("of a sweep that kept the epochs that were asked for alone, each line has these", async (t) => {
  const path = await trainedFile(t, {
    ...{ "data-seeds": "1:2", trials: "2", lambda: "1", epochs: "3,original=5,retrain_scratch=5", record: "asked" },
    ...{ samples: "40", features: "3", hidden: "6,4", engine: "reference" },
  });
  const { series } = shown(await curveNumbers(await sightIn(t, path)));
  const there = new Set(series["points"].map(({ what, epoch }) => `${what} ${epoch}`));
  assert.deepEqual([...there], ["retraining 5", "chosen 8", "do nothing 5"]);
});

test("what more training buys is narrower with more draws, and costs more", async (t) => {
  const { series, facts } = shown(await nextHourNumbers(await sightOf(t)));
  const choices = series["choices"].toSorted((a, b) => Number(a["draws"]) - Number(b["draws"]));
  assert.ok(choices.length > 1);
  // What costs nothing has the interval that it has, not one that is promised.
  const same = choices.filter(({ trials, epochs }) => trials === choices[0]["trials"] && Number(epochs) > 0);
  for (const [i, one] of same.entries()) {
    if (i === 0) continue;
    assert.ok(Number(one["half_width"]) < Number(same[i - 1]["half_width"]));
    assert.ok(Number(one["epochs"]) > Number(same[i - 1]["epochs"]));
  }
  // What trained it is not here, which alone could say how long it takes.
  assert.equal(facts["ms_per_epoch"], null);
  assert.ok(choices.every(({ seconds }) => seconds === null));
});

test("what more training takes is its epochs times what one takes here, over the threads, where what trained the sweep is here", async (t) => {
  const path = await trainedFile(t, {
    ...{ "data-seeds": "1:4", trials: "4", lambda: "1", epochs: "3,original=5,retrain_scratch=5", preset: "paired" },
    ...{ samples: "40", features: "3", hidden: "6,4", engine: "reference" },
  });
  const { series, facts } = shown(await nextHourNumbers(await sightIn(t, path)));
  const { ms_per_epoch: ms, threads } = facts;
  assert.ok(Number(ms) > 0 && Number(threads) >= 1);
  // An original and a retraining of 5 epochs and an unlearning of 3 for each trial that is not there yet.
  for (const { draws, trials, epochs, seconds } of series["choices"]) {
    assert.equal(epochs, 13 * (Number(draws) * Number(trials) - 4 * 4));
    assert.equal(seconds, (Number(epochs) * Number(ms)) / Number(threads) / 1000);
  }
  assert.ok(series["choices"].some(({ seconds }) => Number(seconds) > 0));
});
