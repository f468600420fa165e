/** The scripts that hold simulations to a band: what they take, print and end with; and small runs of what `npm run planted` simulates of sweeps in rounds. */
import assert from "node:assert/strict";
import test from "node:test";
import { halfSkewed, jumps, type Noise, normal, skewed } from "../scripts/planted/noise.js";
import { quickStream } from "../scripts/planted/quick-stream.js";
import { ROUNDS } from "../scripts/planted/rounds.js";
import { WAYS } from "../scripts/planted/skewness.js";
import { type Script, simulate } from "../scripts/simulation.js";
import { stream } from "../src/data/streams.js";

function script(lines: Script["lines"]): Script {
  return {
    ...{ name: "coins", counted: { option: "tosses", of: "tosses", usual: 7 }, lines },
    ...{ band: "a fair coin", good: "no coin is false", header: ["coin", "tosses"] },
  };
}

const FAIR = lineOf("fair", true, false);
const BENT = lineOf("bent", false, true);
const FALSE = lineOf("false", false, false);

function lineOf(what: string, ok: boolean, isKnown: boolean): Script["lines"][number] {
  return { what, measured: (count) => [{ row: [what, count], ok, isKnown, told: [`${what} it is`] }] };
}

function run(lines: Script["lines"], ...words: readonly string[]): { code: number; out: string; err: string } {
  const text = { out: "", err: "" };
  const code = simulate(script(lines), words, {
    stdout: { write: (some) => (text.out += some) },
    stderr: { write: (some) => (text.err += some) },
  });
  return { code, ...text };
}

test("a simulation ends with 1 where a line misses, and with 0 where that is known", () => {
  assert.equal(run([FAIR, BENT]).code, 0);
  const { code, out, err } = run([FAIR, BENT, FALSE]);
  assert.equal(code, 1);
  assert.deepEqual(
    out.split("\n").map((line) => line.trim().split(/\s{2,}/)),
    [
      ["coin", "tosses"],
      ["-----", "------", "------"],
      ["fair", "7", "ok"],
      ["bent", "7", "known"],
      ["false", "7", "MISSES"],
      ...[["fair it is"], ["bent it is"], ["false it is"], [""]],
    ],
  );
  assert.equal(err, "fair\nbent\nfalse\n");
});

test("a simulation is of as many data sets as are asked for, and of the lines that are", () => {
  const { code, out } = run([FAIR, FALSE], "--tosses", "3", "--only", "fai");
  assert.equal(code, 0);
  assert.match(out, /^fair +3 +ok$/m);
  assert.doesNotMatch(out, /false/);
});

test("a simulation refuses options that it does not have, and counts that are none", () => {
  assert.deepEqual(run([FAIR], "--tosses", "1.5"), {
    ...{ code: 2, out: "" },
    err: "coins: --tosses must be a whole number from 1 up, got 1.5: npm run coins -- --help lists the options\n",
  });
  const { code, err } = run([FAIR], "--sets", "3");
  assert.equal(code, 2);
  assert.match(err, /^coins: .*--sets.*npm run coins/);
  const help = run([FAIR], "--help");
  assert.deepEqual([help.code, help.err], [0, ""]);
  assert.match(help.out, /--tosses N {3}tosses for each line \[default: 7\]/);
});

function rounds(what: string) {
  const found = ROUNDS.find((one) => one.what.endsWith(what));
  assert.ok(found !== undefined, what);
  return found;
}

test("sweeps in rounds whose truth is plain are decided rightly, with a part of the trials", () => {
  for (const [what, isDropped] of [
    ["one at 0, all others at 4 margins", false],
    ["draws, all at 4 margins", true],
  ] as const) {
    const random = quickStream("test", what);
    for (let sweep = 0; sweep < 5; sweep++) {
      const { wrong, isDecided, share } = rounds(what).played(random);
      assert.deepEqual(wrong, { equivalent: false, different: false, dropped: isDropped });
      assert.ok(isDecided && share < 0.2, `${share}`);
    }
  }
});

test("sweeps in rounds whose recipes all lie at the margin train all there is, and decide nothing", () => {
  const { wrong, isDecided, share } = rounds("draws, all at the margin").played(quickStream("test", "margin"));
  assert.deepEqual([Object.values(wrong), isDecided, share], [[false, false, false], false, 1]);
});

test("planted noise has mean 0 and variance 1, and the skewness that is said of it", () => {
  const N = 40_000;
  for (const [noise, skewness] of [
    [normal, 0],
    [halfSkewed, -1],
    [skewed, -2],
    [jumps, -1.8],
  ] as const satisfies readonly (readonly [Noise, number])[]) {
    const random = stream("test", "noise", skewness);
    const values = Array.from({ length: N }, () => noise(random));
    const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / N;
    assert.ok(Math.abs(moment(1)) < 0.02 && Math.abs(moment(2) - 1) < 0.05, `${skewness}`);
    assert.ok(Math.abs(moment(3) - skewness) < 0.2, `${moment(3)} is not ${skewness}`);
  }
});

test("each way to bear skewness refuses what the t test refuses, and says more only of values far above 0", () => {
  const random = quickStream("test", "ways");
  const [above, below, long] = [
    [0.9, 1.1, 1, 0.95, 1.05, 1.02],
    [-0.9, -1.1, -1, -0.95, -1.05, -1.02],
    [1, 1.01, 0.99, 1.02, 0.98, -0.55], // a long tail towards 0 may hide one beyond it
  ];
  const said = (values: readonly number[], alpha: number) =>
    Object.fromEntries(Object.entries(WAYS).map(([name, way]) => [name, way(values, alpha, random)]));
  assert.ok(Object.values(said(above, 0.05)).every(Boolean));
  assert.ok(!Object.values(said(below, 0.05)).some(Boolean));
  assert.deepEqual([said(long, 0.05)["t"], said(long, 0.05)["t and Hall's"]], [true, false]);
});
