/** Labels of imported forget rows, from a folder to every number: what is trained, stored, gone on with, verified and replayed is that of each row's own label. */
import assert from "node:assert/strict";
import { cpSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gridCommand } from "../src/commands/grid.js";
import { replayCommand } from "../src/commands/replay.js";
import { resumeCommand } from "../src/commands/resume.js";
import { trainCommand } from "../src/commands/train.js";
import { verifyCommand } from "../src/commands/verify.js";
import { exportDraw, importDraw } from "../src/data/directory.js";
import { seededDraw } from "../src/data/draw.js";
import { writeNpy } from "../src/data/npy.js";
import { parameterCount } from "../src/engine/contract.js";
import type { Flags } from "../src/plan/flags.js";
import { gridPlan } from "../src/plan/request.js";
import { writeWeights } from "../src/run/weights.js";
import { openResults } from "../src/store/open.js";
import { folder, rows, spoken } from "./command-line.js";
import { retold, trainedFile } from "./fixtures/grids.js";

const DRAW = seededDraw({ kind: "seeded", dataSeed: 1, samples: 40, features: 3, forgetRows: 3 });
const SHAPE = { features: 3, widths: [6, 4] } as const;
const NET = { hidden: "6,4", engine: "reference" };

/** A folder with the draw, whose forget rows have these labels; with both classes' names exchanged where it is `mirrored`. */
function labelled(t: TestContext, forgetLabels: readonly number[], mirrored = false): string {
  const path = folder(t);
  const { rows } = DRAW;
  const own = Uint8Array.from([...rows.y.subarray(0, rows.n), ...forgetLabels]);
  const y = mirrored ? own.map((label) => 1 - label) : own;
  exportDraw({ ...DRAW, rows: { ...rows, y }, test: null }, path);
  return path;
}

/** The draw as it was exported before there were labels of forget rows. */
function withoutLabels(t: TestContext): string {
  const path = folder(t);
  exportDraw(DRAW, path);
  renameSync(join(path, "X_forget.npy"), join(path, "x.npy"));
  rmSync(join(path, "Y_forget.npy"));
  return path;
}

/** Weights, and the same with the two outputs exchanged. */
function weights(t: TestContext): [given: string, mirrored: string] {
  const cwd = folder(t);
  const given = Float64Array.from({ length: parameterCount(SHAPE) }, (_, i) => Math.sin(i + 1) / 2);
  const hidden = given.length - 10; // before fc3.weight, 2 × 4, and fc3.bias
  const place = (i: number): number =>
    i < hidden ? i : i < hidden + 8 ? hidden + ((i - hidden + 4) % 8) : 2 * given.length - 3 - i;
  writeWeights(join(cwd, "given.npz"), SHAPE, given);
  writeWeights(
    join(cwd, "mirrored.npz"),
    SHAPE,
    given.map((_, i) => given[place(i)]),
  );
  return [join(cwd, "given.npz"), join(cwd, "mirrored.npz")];
}

type CurveRow = Record<"cross_entropy" | "train_accuracy" | "forget_probability", number>;

async function curveOf(flags: Flags): Promise<readonly CurveRow[]> {
  const { out } = await spoken(trainCommand, { ...NET, preset: "paired", epochs: "4", json: true, ...flags });
  return (JSON.parse(out) as { curve: CurveRow[] }).curve;
}

for (const method of ["original", "retrain_scratch", "fine_tune", "gradient_ascent", "relabel"]) {
  test(`${method} gives the same of two folders whose classes have changed names`, async (t) => {
    const [given, mirrored] = weights(t);
    const lambda = "0"; // the penalty's prior of the forget rows belongs to the second output
    const one = await curveOf({ method, lambda, data: labelled(t, [0, 1, 1]), init: given });
    const other = await curveOf({ method, lambda, data: labelled(t, [0, 1, 1], true), init: mirrored });
    for (const [e, row] of one.entries())
      for (const name of ["cross_entropy", "train_accuracy", "forget_probability"] as const)
        assert.ok(Math.abs(other[e][name] - row[name]) < 1e-12, `${name} of epoch ${e + 1}: ${other[e][name]}`);
  });
}

test("forget rows of label 1 are learned, climbed away from and relabelled as what they are", async (t) => {
  const [init] = weights(t);
  const data = labelled(t, [1, 1, 1]);
  const last = async (method: string): Promise<number> =>
    (await curveOf({ method, lambda: "0", data, init, epochs: "30" }))[29].forget_probability;
  const [original, scratch, ascent, relabel] = [
    await last("original"),
    await last("retrain_scratch"),
    await last("gradient_ascent"),
    await last("relabel"),
  ];
  assert.ok(original > scratch, `${original} > ${scratch}`);
  assert.ok(scratch > relabel && scratch > ascent, `${scratch} > ${relabel}, ${ascent}`);
});

const GRID: Flags = { ...NET, workers: "1", trials: "2", lambda: "4.2", epochs: "1:2,original=6,retrain_scratch=5" };
const REFUSED_WITHOUT = /^--data: .* must say the label of each row of x\.npy, got none: /;

for (const label of ["0", "1"]) {
  test(`a sweep of a folder without labels is trained with --forget-label ${label}, and gone on with, verified and replayed without it`, async (t) => {
    const data = withoutLabels(t);
    const asked = { ...GRID, data, "forget-label": label };
    const whole = await trainedFile(t, asked);
    const [[probability, margin]] = await rows(
      whole,
      "select forget_probability, forget_margin from trial_results where method = 'original' limit 1",
    );
    assert.ok(Number(probability) > 0.5 === Number(margin) > 0);
    const file = await retold(t, whole, (outcome) => (outcome.spec.cell.method === "unlearn" ? null : outcome));
    assert.equal((await spoken(resumeCommand, { file, workers: "1", quiet: true })).code, 0);
    assert.deepEqual(await rows(file, "select count(*) from missing"), [[0]]);
    assert.match(
      (await spoken(verifyCommand, { file, data })).out,
      /\nsweep 1: 8 of 8 trial rows came out equal to the bit/,
    );
    assert.equal((await spoken(replayCommand, { file, data, method: "original" })).code, 0);
    await assert.rejects(spoken(gridCommand, { ...GRID, data, db: file }), {
      fault: "usage",
      message: REFUSED_WITHOUT,
    });
    const again = await spoken(gridCommand, { ...asked, db: file });
    assert.deepEqual([again.code, again.err], [0, "everything is finished already: nothing to train\n"]);
  });
}

test("a folder is two draws under its two labels; replay asks which, where a file has both", async (t) => {
  const data = withoutLabels(t);
  const [zeros, ones] = (["0", "1"] as const).map((label) => ({
    ...GRID,
    data,
    "forget-label": label,
    name: `of${label}`,
  }));
  const file = await trainedFile(t, zeros, ones);
  const draws = [0, 1].map((label) => `sha256:${importDraw(data, label as 0 | 1).source.sha256}`);
  assert.deepEqual((await rows(file, "select distinct draw from trial_results order by sweep")).flat(), draws);
  assert.match((await spoken(verifyCommand, { file, data, sample: "3" })).out, /sweep 2: 3 of 3 trial rows/);
  await assert.rejects(spoken(replayCommand, { file, data, method: "original" }), {
    message: new RegExp(
      `^--draw must say which trial of .* is meant, one of (${draws.join("|")}), (${draws.join("|")}), got none$`,
    ),
  });
  assert.equal((await spoken(replayCommand, { file, data, method: "original", draw: draws[1] })).code, 0);
});

test("the plan of a folder from before, with label 0, is the plan that it had", async (t) => {
  const data = join(folder(t), "small");
  cpSync("test/golden/small", data, { recursive: true });
  renameSync(join(data, "X_forget.npy"), join(data, "x.npy"));
  const file = await trainedFile(t, { ...GRID, data, "forget-label": "0", trials: "1" });
  const results = await openResults(file);
  t.after(() => results.close());
  const [{ plan }] = await results.sweeps();
  assert.deepEqual(plan.parts[0].draws, {
    kind: "imported",
    draws: [
      {
        kind: "imported",
        directory: data,
        sha256: "a9d5c8ac69eab223c904a11850ef22b48eac9c0f88038c06c2eaad14cd1ce2a4",
        samples: 200,
        features: 10,
        forgetRows: 1,
      },
    ],
  });
});

test("a sweep file says the label as a command line does", (t) => {
  const path = join(folder(t), "night.yaml");
  const data = withoutLabels(t);
  writeFileSync(path, `data: ${data}\nforget-label: 1\n`);
  assert.deepEqual(gridPlan({}, path).parts[0].draws, { kind: "imported", draws: [importDraw(data, 1).source] });
  writeFileSync(path, `trials: 2\nforget-label: 2\n`);
  assert.throws(() => gridPlan({}, path), { message: `${path}:2:15: forget-label must be one of 0, 1, got 2` });
  writeFileSync(path, `trials: 2\nforget-label: 1\n`);
  assert.throws(() => gridPlan({}, path), {
    message: `${path}:2:1: forget-label must be given with --data alone, since the forget rows of a seeded draw have label 0, got 1: leave it out`,
  });
  writeFileSync(join(data, "Y_forget.npy"), writeNpy([3], Uint8Array.of(0, 1, 1)));
  writeFileSync(path, `data: ${data}\n`);
  assert.throws(() => gridPlan({ "forget-label": "1" }, path), {
    message: `--forget-label must not be given where data (${path}:1:1) has Y_forget.npy, which says the label of each row, got 1: leave one of the two out`,
  });
});

test("a label of a seeded draw's forget rows is refused", async () => {
  await assert.rejects(spoken(trainCommand, { ...NET, "forget-label": "1" }), {
    fault: "usage",
    message:
      "--forget-label must be given with --data alone, since the forget rows of a seeded draw have label 0, got 1: leave it out",
  });
});
