/** `gmm-sweep train`, `data export` and `doctor`: one trajectory from given or seeded weights, data as files, what this machine can do. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { doctorCommand } from "../src/commands/doctor.js";
import { trainCommand } from "../src/commands/train.js";
import { parameterCount } from "../src/engine/contract.js";
import type { SweepError } from "../src/errors.js";
import type { Flags } from "../src/plan/flags.js";
import { readWeights, writeWeights } from "../src/run/weights.js";
import { openResults } from "../src/store/open.js";
import { assertGolden, folder, gmm, SMALL, spoken, sweepObject, TINY } from "./command-line.js";
import { OWN_METHODS } from "./fixtures/grids.js";

interface TrainObject {
  readonly method: string;
  readonly lambda_reg: number;
  readonly lambda_effective: number;
  readonly epochs: number;
  readonly columns: readonly string[];
  readonly curve: readonly Record<string, number>[];
}

const SHAPE = { features: 3, widths: [6, 4] } as const;

const FLAGS = { "data-seed": "0", samples: "40", features: "3", hidden: "6,4", engine: "reference", json: true };

async function trainObject(flags: Flags): Promise<TrainObject> {
  const { code, out, err } = await spoken(trainCommand, { ...FLAGS, ...flags });
  assert.deepEqual([code, err], [0, ""]);
  return JSON.parse(out) as TrainObject;
}

test("train prints a curve with the columns of the goldens", async (t) => {
  const cwd = folder(t);
  const { code, out, err } = await gmm(cwd, "train", ...SMALL, "--method", "unlearn", "--lambda", "2", "--epochs", "4");
  assert.deepEqual([code, err], [0, ""]);
  assertGolden("train prints a curve with the columns of the goldens", out);
  assert.deepEqual(readdirSync(cwd), [], "nothing is stored");
});

test("train --json has the same columns, and says what stood in the gradient", async () => {
  const { curve, ...rest } = await trainObject({ method: "original", epochs: "3" });
  assert.deepEqual(rest.columns, ["epoch", "penalty", "cross_entropy", "train_accuracy", "forget_probability"]);
  assert.deepEqual([rest.method, rest.lambda_reg, rest.lambda_effective, rest.epochs], ["original", 0, 1, 3]);
  assert.deepEqual(
    curve.map(({ epoch }) => epoch),
    [1, 2, 3],
  );
  for (const row of curve) assert.deepEqual(Object.keys(row), rest.columns);
});

test("what train prints is what a sweep stores, to the bit", async (t) => {
  const cwd = folder(t);
  await sweepObject(cwd, ...TINY, "--trials", "1");
  const { curve } = await trainObject({ method: "unlearn", epochs: "original=12,unlearn=3" });
  const results = await openResults(join(cwd, "data", "gmm-sweep.db"));
  t.after(() => results.close());
  const [unlearn] = await results.trajectories(null, "unlearn", 1);
  const stored = await results.curve(unlearn.source, unlearn.epochs);
  assert.deepEqual(
    curve,
    stored.map(({ forget_margin, ...row }) => row),
  );
});

test("bare --lambda and --epochs speak of the method that is trained", async () => {
  const { lambda_reg, epochs } = await trainObject({ method: "retrain_scratch", lambda: "0.5", epochs: "2" });
  assert.deepEqual([lambda_reg, epochs], [0.5, 2]);
});

test("a method of one's own is trained by its whole name: with no weight on F it is fine_tune to the bit", async () => {
  const own = { "method-file": OWN_METHODS, epochs: "original=12" };
  let names: readonly string[] = [];
  await assert.rejects(trainObject({ ...own, method: "neg_grad_plus" }), (error: SweepError) => {
    assert.equal(error.fault, "usage");
    const [, zero, two] =
      /^--method must be one method, got neg_grad_plus, which is 2: name one of (neg_grad_plus:beta=0~[0-9a-f]{8}), (neg_grad_plus:beta=2~[0-9a-f]{8})$/.exec(
        error.message,
      ) ?? [];
    names = [zero, two];
    return true;
  });
  const [down, up] = [await trainObject({ ...own, method: names[0] }), await trainObject({ ...own, method: names[1] })];
  assert.deepEqual([down.method, down.lambda_reg, down.epochs], [names[0], 0, 3]);
  const fineTune = await trainObject({ method: "fine_tune", epochs: "original=12,fine_tune=3" });
  assert.deepEqual(down.curve, fineTune.curve);
  assert.ok(up.curve[2]["forget_probability"] < down.curve[2]["forget_probability"]);
});

test("weights that are given are used as given, not rounded to float32", async (t) => {
  const cwd = folder(t);
  const given = Float64Array.from({ length: parameterCount(SHAPE) }, (_, i) => Math.sin(i + 1) / 3);
  writeWeights(join(cwd, "given.npz"), SHAPE, given);
  writeWeights(join(cwd, "rounded.npz"), SHAPE, given.map(Math.fround));
  const [exact, rounded] = await Promise.all(
    ["given", "rounded"].map((name) => trainObject({ method: "unlearn", epochs: "1", init: join(cwd, `${name}.npz`) })),
  );
  const [penalty, other] = [exact.curve[0]["penalty"], rounded.curve[0]["penalty"]];
  assert.notEqual(penalty, other);
  assert.ok(Math.abs(penalty - other) < 1e-6, `${penalty} and ${other}`);
});

test("the weights that --out writes are those that --init goes on from", async (t) => {
  const cwd = folder(t);
  await trainObject({ method: "original", epochs: "12", out: join(cwd, "original.npz") });
  const given = await trainObject({
    method: "unlearn",
    epochs: "3",
    init: join(cwd, "original.npz"),
    out: join(cwd, "unlearned.npz"),
  });
  const seeded = await trainObject({ method: "unlearn", epochs: "original=12,unlearn=3" });
  assert.deepEqual(given.curve, seeded.curve, "an unlearn of the seeded original is an unlearn of its weights");
  const weights = readWeights(join(cwd, "unlearned.npz"), SHAPE);
  assert.ok(weights.every(Number.isFinite));
  assert.notDeepEqual(weights, readWeights(join(cwd, "original.npz"), SHAPE));
});

test("another trial starts from other weights", async () => {
  const [one, two] = await Promise.all(["1", "2"].map((trial) => trainObject({ epochs: "1", trial })));
  assert.notEqual(one.curve[0]["penalty"], two.curve[0]["penalty"]);
});

test("exported data gives the curve of the seeded draw, from the same weights", async (t) => {
  const cwd = folder(t);
  const sizes = ["--samples", "40", "--features", "3", "--data-seed", "5", "--forget-rows", "2"];
  const { code, out, err } = await gmm(cwd, "data", "export", "draw", ...sizes);
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(
    out,
    "draw: X.npy, Y.npy, X_forget.npy, Y_forget.npy, X_test.npy, Y_test.npy (40 rows, 3 features, 2 forget rows)\n",
  );
  writeWeights(
    join(cwd, "w.npz"),
    SHAPE,
    Float64Array.from({ length: parameterCount(SHAPE) }, (_, i) => Math.sin(i) / 3),
  );
  const given = { hidden: "6,4", epochs: "4", init: join(cwd, "w.npz"), engine: "reference", json: true };
  const curve = async (data: Flags): Promise<unknown> =>
    (JSON.parse((await spoken(trainCommand, { ...given, ...data })).out) as TrainObject).curve;
  const seeded = { samples: "40", features: "3", "data-seed": "5", "forget-rows": "2" };
  assert.deepEqual(await curve({ data: join(cwd, "draw") }), await curve(seeded));
});

test("a curve that diverges is printed as it is", async () => {
  const { code, out } = await spoken(trainCommand, {
    samples: "20",
    epochs: "4",
    "learning-rate": "1e300",
    engine: "reference",
  });
  assert.equal(code, 0);
  assert.match(out, /NaN/);
});

test("weights of another net are refused before anything is trained", async (t) => {
  const init = join(folder(t), "w.npz");
  writeWeights(init, SHAPE, new Float64Array(parameterCount(SHAPE)));
  await assert.rejects(spoken(trainCommand, { init, samples: "40" }), {
    fault: "usage",
    message:
      "--init: fc1.weight must have shape (64, 10) for this net, got (6, 3): give --hidden and the data that the weights belong to",
  });
});

test("an --out that cannot be written is told", async (t) => {
  const { code, out, err } = await gmm(folder(t), "train", ...SMALL, "--epochs", "1", "--out", "none/w.npz");
  assert.deepEqual(
    [code, out, err],
    [
      2,
      "",
      "gmm-sweep: --out must be a file that can be written, got none/w.npz (ENOENT: no such file or directory, access 'none')\n",
    ],
  );
});

test("data export refuses what is no even number, and writes nothing", async (t) => {
  const cwd = folder(t);
  const { code, err } = await gmm(cwd, "data", "export", "draw", "--samples", "7");
  assert.deepEqual(
    [code, err],
    [2, "gmm-sweep: --samples must be even, since both classes have half of them, got 7: try 8\n"],
  );
  assert.deepEqual(readdirSync(cwd), []);
});

test("doctor says what works, one line each, and exits 0", async (t) => {
  const cwd = folder(t);
  const { code, out, err } = await gmm(cwd, "doctor");
  // TensorFlow, where it is installed, logs lines of its own before it can be told not to.
  const ours = err.split("\n").filter((line) => !/^(WARNING: All log messages before absl|[IWE]\d{4} )/.test(line));
  assert.deepEqual([code, ours], [0, [""]]);
  for (const name of ["gmm-sweep", "Node", "cores", "SQLite", "engine reference"])
    assert.match(out, new RegExp(`^ok {7}${name} `, "m"));
  for (const line of out.trimEnd().split("\n")) assert.match(line, /^(ok|missing) {2,}\S/);
  assert.deepEqual(readdirSync(cwd), []);
});

/** What a line of what is missing must say: there is nothing to do about a kernel for another processor, but to know it. */
function remedyOf(name: string): RegExp {
  return name.startsWith("kernel ")
    ? /^this processor does not have it$|^the addon does not load: |wasm/i
    : /run `|--engine/;
}

test("doctor --json is an array of what works and what does not, with the remedy", async () => {
  const { code, out } = await spoken(doctorCommand, { json: true });
  assert.equal(code, 0);
  const findings = JSON.parse(out) as { name: string; works: boolean; detail: string }[];
  for (const finding of findings) assert.deepEqual(Object.keys(finding), ["name", "works", "detail"]);
  for (const { name, works, detail } of findings) assert.ok(works || remedyOf(name).test(detail), `${name}: ${detail}`);
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  assert.deepEqual(findings[0], { name: "gmm-sweep", works: true, detail: version });
});
