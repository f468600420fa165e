/** Progress as it is drawn by a clock and a timer that are moved by hand: what it says, when, and where; and how honest its time left is. */
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { WHOLE } from "../src/plan/trajectories.js";
import { Pace } from "../src/report/pace.js";
import { ProgressPrinter, progressParts, type Screen } from "../src/report/progress.js";
import type { Runner } from "../src/run/runner.js";
import { PROFILE, smallPlan, specsIn, trained } from "./fixtures/sweeps.js";

const MISSING = { rows: 60, trajectories: 40, epochs: 2000 };
const HALFWAY = { landed: { rows: 30, trajectories: 20, epochs: 500 }, missing: MISSING };
const TALLY = { trained: 30, failed: 0, diverged: 0, stopped: false };
const ENDED = { kind: "ended", tally: TALLY, skipped: 0, fault: null } as const;
const LANDED = { kind: "landed", outcomes: [], progress: HALFWAY } as const;
const MORE = ["3/9 cells", "nearest to retraining: unlearn λ 4.2, 5 epochs (0.012 away)"];
const COUNTS = "a.db  20/40 trajectories  30/60 trial rows";

/** A printer, how far its clock is moved, and what it has written since that was last asked. */
interface Printing {
  readonly printer: ProgressPrinter;
  pass(ms: number): void;
  written(): string;
}

function printing(t: TestContext, screen: Pick<Screen, "isTTY" | "columns">, more: readonly string[] = []): Printing {
  let now = 1_000_000;
  t.mock.method(performance, "now", () => now);
  t.mock.timers.enable({ apis: ["setInterval"] });
  let text = "";
  const write = (part: string): void => {
    text += part;
  };
  const printer = new ProgressPrinter({ ...screen, write }, { file: "a.db", more: () => more });
  const plan = smallPlan();
  const sweep = { id: 1, plan, profile: PROFILE, shard: WHOLE, question: null };
  printer.observe({ kind: "opened", sweep, missing: MISSING, skipped: 0 });
  printer.observe({ kind: "started", runner: { lanes: 1 } as Runner, stop: () => {} });
  return {
    printer,
    pass: (ms) => {
      for (let passed = 0; passed < ms; passed += 500) {
        now += 500;
        t.mock.timers.tick(500);
      }
    },
    written: () => {
      const part = text;
      text = "";
      return part;
    },
  };
}

test("progress counts what is trained, and copies apart", (t) => {
  const none = { rows: 0, trajectories: 0, epochs: 0 };
  assert.deepEqual(progressParts({ landed: none, missing: MISSING }, 0, null), [
    "0/40 trajectories",
    "0/60 trial rows",
  ]);
  const it = printing(t, { isTTY: false, columns: 0 });
  const copied = specsIn(smallPlan()).filter(({ copies }) => copies > 0);
  assert.deepEqual(
    copied.map(({ cell, copies }) => [cell.method, copies]),
    [
      ["unlearn", 2],
      ["retrain_original", 2],
    ],
  );
  it.printer.observe({ ...LANDED, outcomes: copied.map((spec) => trained(spec)) });
  it.pass(5000);
  assert.equal(it.written(), `${COUNTS} (4 of them copies)\n`);
});

test("how fast it goes, the time that is left by epochs and what a command adds stand behind the counts, once they can be known", () => {
  assert.deepEqual(progressParts(HALFWAY, 0, { epochs: 50, trajectories: 2 }, MORE), [
    "20/40 trajectories",
    "30/60 trial rows",
    "2.0 trajectories/s",
    "30 s left",
    ...MORE,
  ]);
  const fast = progressParts(HALFWAY, 0, { epochs: 5000, trajectories: 300 });
  assert.deepEqual(fast.slice(2), ["300 trajectories/s", "0 s left"]);
  assert.equal(progressParts(HALFWAY, 0, { epochs: 0, trajectories: 0 }).length, 2, "nothing landed lately");
});

test("in a pipe there is a line within 5 s though nothing has landed, one a minute from then on, and no escape code", (t) => {
  const it = printing(t, { isTTY: false, columns: 0 }, ["3/9 cells"]);
  it.pass(3500);
  assert.equal(it.written(), "");
  it.pass(1500);
  assert.equal(it.written(), "a.db  0/40 trajectories  0/60 trial rows  3/9 cells\n");
  it.printer.observe(LANDED);
  it.pass(58_000);
  assert.equal(it.written(), "");
  it.pass(2000);
  assert.match(it.written(), /^a\.db {2}20\/40 trajectories .*\n$/);
  it.printer.observe(ENDED);
  it.pass(120_000);
  assert.equal(it.written(), "", "nothing after the end");
});

test("of a run that is soon over a pipe hears nothing", (t) => {
  const it = printing(t, { isTTY: false, columns: 0 });
  it.pass(2000);
  it.printer.observe(LANDED);
  it.printer.observe(ENDED);
  it.pass(60_000);
  assert.equal(it.written(), "");
});

test("on a terminal the line is written over at least each second, and cleared at the end", (t) => {
  const it = printing(t, { isTTY: true, columns: 160 });
  it.printer.observe(LANDED);
  assert.equal(it.written(), `\r${COUNTS}\x1b[K`);
  it.printer.observe(LANDED);
  assert.equal(it.written(), "", "too soon");
  it.pass(1000);
  assert.equal(it.written(), `\r\x1b[K\r${COUNTS}\x1b[K`);
  it.printer.observe(ENDED);
  assert.equal(it.written(), "\r\x1b[K");
});

test("parts that do not fit stand in a second line, the cursor goes back to the first, and the end clears both", (t) => {
  const it = printing(t, { isTTY: true, columns: 80 }, MORE);
  it.printer.observe(LANDED);
  it.printer.observe(ENDED);
  assert.equal(it.written(), `\r${COUNTS}  ${MORE[0]}\n${MORE[1]}\x1b[K\x1b[1A\r\x1b[J`);
});

for (const columns of [160, 0])
  test(`what fits in ${columns} columns, where 0 is what a terminal does not say, is one line`, (t) => {
    const it = printing(t, { isTTY: true, columns }, MORE);
    it.printer.observe(LANDED);
    it.printer.observe(ENDED);
    assert.equal(it.written(), `\r${COUNTS}  ${MORE.join("  ")}\x1b[K\r\x1b[K`);
  });

test("a part that is longer than the terminal is cut", (t) => {
  const it = printing(t, { isTTY: true, columns: 40 }, MORE);
  it.printer.observe(LANDED);
  for (const line of it.written().split("\x1b")[0].split("\n")) assert.ok(line.replace("\r", "").length < 40, line);
});

/** A run whose lanes each train one chunk after the other, from `startsAt` on: when chunks land, and how many epochs are there then. */
function* landings(
  lanes: number,
  startsAt: number,
  chunk: (n: number) => number,
  msPerEpoch: (at: number) => number,
): Generator<{ at: number; epochs: number; ms: number }> {
  const running = Array.from({ length: lanes }, (_, lane) => {
    const ms = chunk(0) * msPerEpoch(startsAt);
    // Threads do not start at once.
    return { at: startsAt + lane * 150 + ms, n: 0, ms };
  });
  let epochs = 0;
  for (;;) {
    const next = running.reduce((first, lane) => (lane.at < first.at ? lane : first));
    epochs += chunk(next.n);
    yield { at: next.at, epochs, ms: next.ms };
    next.n += 1;
    next.ms = chunk(next.n) * msPerEpoch(next.at);
    next.at += next.ms;
  }
}

/** How many times too long the time left is that is told at each of these seconds of a run that ends at `end`; null: none is told. */
function toldOver(
  pace: Pace,
  run: Generator<{ at: number; epochs: number; ms: number }>,
  epochs: number,
  seconds: readonly number[],
): { told: (number | null)[]; end: number } {
  const left: (number | null)[] = [];
  let landed = 0;
  let end = 0;
  for (const { at, epochs: there, ms } of run) {
    for (; left.length < seconds.length && seconds[left.length] * 1000 < at; ) {
      const speed = pace.speed(seconds[left.length] * 1000);
      left.push(speed === null ? null : (epochs - landed) / speed.epochs);
    }
    landed = there;
    pace.land(at, { epochs: there, trajectories: there / 100 }, ms);
    end = at / 1000;
    if (there >= epochs) break;
  }
  return { told: left.map((it, i) => (it === null ? null : it / (end - seconds[i]))), end };
}

const LANES = 4;
const ONE_SECOND = Array.from({ length: 50 }, (_, i) => i + 1);
const MACHINES: [what: string, startsAt: number, chunk: (n: number) => number][] = [
  ["threads that take 8 s to start and train one small group first", 8000, (n) => (n === 0 ? 5 : 200)],
  ["chunks of a fifth of a second", 500, (n) => (n === 0 ? 100 : 200)],
  ["chunks of almost 4 s", 1000, () => 3800],
];

for (const [what, startsAt, chunk] of MACHINES)
  test(`the time left is within a third of the truth from 15 s on: ${what}`, () => {
    const epochs = LANES * 1000 * 58;
    const { told, end } = toldOver(
      new Pace(LANES),
      landings(LANES, startsAt, chunk, () => 1),
      epochs,
      ONE_SECOND,
    );
    assert.ok(end > 55);
    for (const [i, factor] of told.entries()) {
      if (factor === null) assert.ok(i + 1 < 15, `${i + 1} s: nothing is told`);
      else assert.ok(factor > 0.66 && factor < 1.34, `${i + 1} s: ${factor} times the truth`);
    }
    assert.equal(told[0], null, "nothing is known after a second");
  });

test("a machine that gets three times as slow is told of within half a minute and a bit", () => {
  const slow = (at: number): number => (at < 60_000 ? 1 : 3);
  const run = landings(LANES, 500, () => 200, slow);
  const { told } = toldOver(new Pace(LANES), run, LANES * (60_000 + 40_000), [50, 95, 120, 150]);
  for (const factor of told.slice(1)) assert.ok(factor !== null && Math.abs(factor - 1) < 0.1, `${told}`);
  assert.ok(told[0] !== null && told[0] < 0.7, "nobody knows before it happens");
});

test("where nothing lands any more the time left grows", () => {
  const pace = new Pace(1);
  for (let n = 1; n <= 10; n++) pace.land(n * 1000, { epochs: n * 100, trajectories: n }, 1000);
  const [now, later] = [10_500, 60_000].map((at) => pace.speed(at)?.epochs);
  assert.equal(now, 100);
  assert.ok(later !== undefined && later < 20, `${later}`);
});
