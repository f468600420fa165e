/** Holds the looks of a grid that is trained in rounds to planted truths: what may be the nearest stays, what cannot be goes, and what is called is so. */
import assert from "node:assert/strict";
import test from "node:test";
import { type Stream, stream } from "../src/data/streams.js";
import type { Margins } from "../src/plan/question.js";
import type { StoppingRule } from "../src/plan/stopping-rule.js";
import { maxT, signFlips } from "../src/stats/sign-flips.js";
import { bandsOf } from "../src/verdict/bands.js";
import { canHold, type Look, look, spentAt } from "../src/verdict/look.js";
import { looksOf } from "../src/verdict/round-plan.js";
import type { Candidate } from "../src/verdict/selection.js";

const MARGINS: Margins = { forget: 0.05, accuracy: 0.01 };
const DECIDED: StoppingRule = { kind: "decided" };

test("looks grow by half from the first whose bands are finite, and the last is at all there is", () => {
  assert.deepEqual(looksOf(20), [7, 11, 17, 20]);
  assert.deepEqual(looksOf(200), [8, 12, 18, 27, 41, 62, 93, 140, 200]);
  assert.deepEqual(looksOf(7), [6, 7]);
  for (const most of [7, 12, 50, 1000]) {
    const looks = looksOf(most);
    const first = shifted(stream("test", "first"), [0, 0.2], looks[0]);
    const { kept, dropped } = look(first, { margins: MARGINS, alpha: spentAt(looks.length), until: DECIDED });
    for (const { forget } of [...kept, ...dropped]) assert.ok(Number.isFinite(forget.low), `${most}`);
  }
});

test("what so few units tell is nothing: they make one look, at which no cell is dropped", () => {
  assert.deepEqual(looksOf(3), [3]);
  const { kept, dropped, reached } = look(shifted(stream("test", "few"), [0, 0.5], 3), {
    ...{ margins: MARGINS, alpha: spentAt(1), until: DECIDED },
  });
  assert.deepEqual([kept.length, dropped.length, reached], [2, 0, false]);
});

test("a cell at retraining leads and is equivalent, one beyond the margin is different and goes, and one as near stays", () => {
  const seen = look(shifted(stream("test", "three"), [0, 0.3, 0.004], 20), {
    ...{ margins: MARGINS, alpha: spentAt(4), until: DECIDED },
  });
  assert.deepEqual(answers(seen), { 0: "equivalent", 1: "different", 2: "equivalent" });
  assert.deepEqual(
    seen.dropped.map(({ recipe }) => recipe),
    ["1"],
  );
  assert.equal(seen.leader.recipe, seen.kept.toSorted((a, b) => a.distance - b.distance)[0].recipe);
  assert.equal(seen.reached, true);
});

test("a difference of accuracy alone makes a cell different", () => {
  const [near, far] = shifted(stream("test", "accuracy"), [0, 0], 20);
  const worse = { ...far, accuracy: far.accuracy.map((value) => value - 0.05) };
  const seen = look([near, worse], { margins: MARGINS, alpha: spentAt(4), until: DECIDED });
  assert.deepEqual(answers(seen), { 0: "equivalent", 1: "different" });
});

test("where every cell is different the question is decided, and the nearest of them leads", () => {
  const seen = look(shifted(stream("test", "none"), [0.4, 0.3], 20), {
    ...{ margins: MARGINS, alpha: spentAt(4), until: DECIDED },
  });
  assert.deepEqual([seen.kept.length, seen.leader.recipe, seen.reached], [0, "1", true]);
});

test("a half-width is reached where the leader's band is as narrow as asked, whatever its answer", () => {
  const cells = shifted(stream("test", "width"), [0, 0.02], 20);
  const reached = (forget: number): boolean =>
    look(cells, { margins: MARGINS, alpha: spentAt(4), until: { kind: "half-width", most: { forget } } }).reached;
  const { leader } = look(cells, { margins: MARGINS, alpha: spentAt(4), until: DECIDED });
  const width = (leader.forget.high - leader.forget.low) / 2;
  assert.deepEqual([reached(width * 1.001), reached(width * 0.999)], [true, false]);
});

test("a half-width is not reached because every cell is different: those that may be the nearest go on", () => {
  const cells = shifted(stream("test", "none"), [0.4, 0.3, 0.29], 20);
  const until: StoppingRule = { kind: "half-width", most: { forget: 1e-6 } };
  const seen = look(cells, { margins: MARGINS, alpha: spentAt(4), until });
  assert.deepEqual(answers(seen), { 0: "different", 1: "different", 2: "different" });
  assert.deepEqual([seen.reached, seen.kept.map(({ recipe }) => recipe)], [false, ["1", "2"]]);
});

test("where some units are set aside the first look has so many that the rest makes its bands finite", () => {
  // Of few none are set aside.
  const judged = (units: number): number => (units < 8 ? units : units - Math.floor(units / 4));
  for (const most of [10, 50, 100, 1000]) {
    const looks = looksOf(most, { setsAside: true });
    assert.ok(
      looks.every((units) => canHold(judged(units), spentAt(looks.length))),
      `${most}: ${looks}`,
    );
  }
});

const SETS = 60;
const UNITS = 12;

test("where all cells have a tail to one side their bands reach further into it, and not without one or of few units", () => {
  const bands = (units: number, tail: (value: number) => number) => {
    const random = stream("test", "tail", units);
    const common = Array.from({ length: units }, () => tail(random.uniform()));
    const values = Array.from({ length: 9 }, () => common.map((value) => value + 0.1 * random.normal()));
    const flips = signFlips(units, 500, random.uniform);
    const [plain, borne] = [maxT(values, flips, 0.1), bandsOf(values, flips, 0.1)];
    return plain.map((band, i) => [borne[i].low < band.low, borne[i].high > band.high]);
  };
  const down = (uniform: number): number => Math.log(1 - uniform);
  assert.ok(bands(20, down).every(([low, high]) => low && !high));
  assert.ok(bands(20, (uniform) => -down(uniform)).every(([low, high]) => !low && high));
  assert.ok(bands(9, down).every(([low, high]) => !low && !high));
});

test("a look that was stored keeps its bands, whatever bands are now, unless its differences are others", () => {
  const cells = shifted(stream("test", "stored"), [0, 0.3], 20);
  const asked = { margins: MARGINS, alpha: spentAt(4), until: DECIDED };
  const [mine] = look(cells, asked).kept;
  assert.equal(mine.answer, "equivalent");
  const stored = (mean: number): Look =>
    look(cells, asked, (recipe) =>
      recipe === "0"
        ? [
            { mean, low: -0.06, high: 0.05 },
            { mean: mine.accuracy.mean, low: -0.001, high: 0.002 },
          ]
        : null,
    );
  assert.deepEqual(answers(stored(mine.forget.mean)), { 0: "too few", 1: "different" });
  assert.deepEqual(answers(stored(mine.forget.mean + 1e-9)), { 0: "equivalent", 1: "different" });
});

test("over many sweeps cells at the margin are hardly ever called equivalent, and the nearest cell hardly ever dropped", () => {
  const [atMargin, oneNear] = [
    [0.05, 0.05, 0.05, 0.05],
    [0, 0.03, 0.04, 0.05],
  ];
  let [wrong, lost] = [0, 0];
  for (let set = 0; set < SETS; set++) {
    const random = stream("test", "sets", set);
    const margin = played(shifted(random, atMargin, UNITS));
    if (margin.leader.answer === "equivalent") wrong += 1;
    const near = played(shifted(random, oneNear, UNITS));
    if (!near.kept.some(({ recipe }) => recipe === "0")) lost += 1;
  }
  // At 5 % each, 99.9 % of such sets of sweeps have no more than nine.
  assert.ok(wrong <= 9 && lost <= 9, `${wrong} called equivalent, ${lost} lost`);
});

/** The last look of a sweep that goes on until it is decided. */
function played(all: readonly Candidate[]): Look {
  const looks = looksOf(UNITS);
  let candidates = all;
  for (const units of looks) {
    const there = candidates.map(({ recipe, forget, accuracy }) => ({
      ...{ recipe, forget: forget.slice(0, units), accuracy: accuracy.slice(0, units) },
    }));
    const seen = look(there, { margins: MARGINS, alpha: spentAt(looks.length), until: DECIDED });
    if (seen.reached || units === UNITS) return seen;
    const kept = new Set(seen.kept.map(({ recipe }) => recipe));
    candidates = candidates.filter(({ recipe }) => kept.has(recipe));
  }
  throw new Error("a sweep has a last look");
}

/** Cells of these true differences, whose draws are alike as neighbours' are. */
function shifted(random: Stream, differences: readonly number[], units: number): Candidate[] {
  const shared = Array.from({ length: units }, () => random.normal());
  return differences.map((difference, i) => ({
    recipe: String(i),
    forget: shared.map((value) => difference + 0.03 * (0.8 * value + 0.6 * random.normal())),
    accuracy: shared.map((value) => 0.003 * (0.8 * value + 0.6 * random.normal())),
  }));
}

function answers({ kept, dropped }: Look): Record<string, string> {
  return Object.fromEntries([...kept, ...dropped].map(({ recipe, answer }) => [recipe, answer]));
}
