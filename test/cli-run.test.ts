/** `gmm-sweep run` from end to end: what it trains, keeps, prints and says, and that the results do not depend on how it got there. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { loadEngine } from "../src/engine/engines.js";
import { engineFrom } from "../src/plan/flags.js";
import { runPlan } from "../src/plan/request.js";
import { openStore } from "../src/store/open.js";
import type { Outcome, TrajectorySpec } from "../src/trial.js";
import { assertGolden, CLI, folder, gmm, rows, SMALL, started, sweepObject, TINY } from "./command-line.js";
import { failed, openRequest, specsIn, trained } from "./fixtures/sweeps.js";

const TELLING_MODULES = new URL("fixtures/telling-modules.js", import.meta.url).href;
const SUMMARY_KEYS = [
  "sweep",
  "method",
  "trials",
  "train_accuracy_mean",
  "train_accuracy_std",
  "forget_probability_mean",
  "forget_probability_std",
];

describe("run", () => {
  test("the table of a tiny sweep", async (t) => {
    const cwd = folder(t);
    const { code, out, err } = await gmm(cwd, ...TINY, "--trials", "3", "--quiet");
    assert.deepEqual([code, err], [0, ""]);
    assertGolden("the table of a tiny sweep", out);
    assert.deepEqual(readdirSync(cwd), ["data"]);
  });

  test("a run of the default engine loads no other engine, and no package for files that it does not read", async (t) => {
    const args = ["--samples", "20", "--methods", "original", "--epochs", "original=2", "--trials", "1", "--quiet"];
    const words = ["--import", TELLING_MODULES, CLI, ...args];
    const { code, err } = await started(
      spawn(process.execPath, words, { cwd: folder(t), stdio: ["ignore", "pipe", "pipe"] }),
    ).ended;
    assert.equal(code, 0);
    const loaded = (name: string): boolean => err.includes(`/node_modules/${name}/`);
    assert.deepEqual(["piscina", "better-sqlite3", "yaml", "fflate", "@tensorflow"].filter(loaded), [
      "piscina",
      "better-sqlite3",
    ]);
    assert.doesNotMatch(err, /\/engine\/(reference|tfjs)\//);
    assert.match(err, /\/engine\/fused\//);
  });

  test("a second run trains nothing, says so, and prints the same table", async (t) => {
    const cwd = folder(t);
    const first = await gmm(cwd, ...TINY, "--trials", "3");
    const second = await gmm(cwd, "run", ...TINY, "--trials", "3");
    assert.deepEqual(second, {
      code: 0,
      signal: null,
      out: first.out,
      err: "everything is finished already: nothing to train\n",
    });
    const quiet = await gmm(cwd, ...TINY, "--trials", "3", "--quiet");
    assert.deepEqual(quiet, { ...second, err: "" });
  });

  test("--json is one object with the keys that the README lists, and the counts of the run", async (t) => {
    const cwd = folder(t);
    const first = await sweepObject(cwd, ...TINY, "--trials", "3");
    assert.deepEqual(Object.keys(first), [
      "sweep",
      "digest",
      "trained",
      "skipped",
      "failed",
      "diverged",
      "elapsed_ms",
      "summary",
    ]);
    const { sweep, trained, skipped, failed: failures, diverged } = first;
    assert.deepEqual(
      { sweep, trained, skipped, failures, diverged },
      { sweep: 1, trained: 12, skipped: 0, failures: 0, diverged: 0 },
    );
    assert.match(first.digest, /^[0-9a-f]{64}$/);
    assert.deepEqual(
      first.summary.map((row) => Object.keys(row)),
      [1, 2, 3, 4].map(() => SUMMARY_KEYS),
    );
    assert.deepEqual(
      first.summary.map(({ method, trials }) => [method, trials]),
      [
        ["original", 3],
        ["retrain_scratch", 3],
        ["unlearn", 3],
        ["retrain_original", 3],
      ],
    );
    const second = await sweepObject(cwd, ...TINY, "--trials", "3");
    assert.deepEqual({ ...second, elapsed_ms: 0 }, { ...first, trained: 0, skipped: 12, elapsed_ms: 0 });
    const path = join(cwd, "data", "gmm-sweep.db");
    assert.deepEqual(
      await rows(path, `select ${SUMMARY_KEYS.join(", ")} from method_summary`),
      first.summary.map((row) => Object.values(row)),
      "the same numbers as the view's",
    );
    for (const { method, train_accuracy_std, forget_probability_std } of first.summary.slice(2))
      assert.deepEqual([train_accuracy_std, forget_probability_std], [0, 0], `copies of ${method}`);
    assert.notEqual(first.summary[0]["forget_probability_std"], 0);
    assert.deepEqual(
      await rows(
        path,
        "select trial, start_trial, replicate_of from trial_results where method = 'retrain_original' order by trial",
      ),
      [
        [1, 3, null],
        [2, 3, 1],
        [3, 3, 1],
      ],
    );
  });

  test("the digest is one for 1, 2 and 8 workers", async (t) => {
    const args = [...TINY.filter((arg, i) => arg !== "--workers" && TINY[i - 1] !== "--workers"), "--trials", "6"];
    const digests = new Set<string>();
    for (const workers of ["1", "2", "8"])
      digests.add((await sweepObject(folder(t), ...args, "--workers", workers)).digest);
    assert.equal(digests.size, 1);
  });

  test("a sweep that grows from 3 to 5 trials makes its copies anew, and is a fresh sweep of 5; asking for fewer changes nothing", async (t) => {
    const cwd = folder(t);
    await sweepObject(cwd, ...TINY, "--trials", "3");
    const grown = await sweepObject(cwd, ...TINY, "--trials", "5");
    assert.deepEqual([grown.sweep, grown.trained, grown.skipped], [1, 14, 6]);
    const fresh = await sweepObject(folder(t), ...TINY, "--trials", "5");
    assert.equal(grown.digest, fresh.digest);
    assert.deepEqual(grown.summary, fresh.summary);
    const fewer = await gmm(cwd, ...TINY, "--trials", "3", "--json");
    const object = JSON.parse(fewer.out) as typeof grown;
    assert.deepEqual([fewer.code, object.trained, object.digest], [0, 0, grown.digest]);
    assert.equal(
      fewer.err,
      "this sweep has been asked for 5 trials before: the results cover all of them\neverything is finished already: nothing to train\n",
    );
  });

  test("another λ in the same file is another sweep, which trains only what is missing", async (t) => {
    const cwd = folder(t);
    await sweepObject(cwd, ...TINY, "--trials", "3");
    const other = await sweepObject(cwd, ...TINY, "--trials", "3", "--lambda", "1");
    assert.deepEqual([other.sweep, other.trained, other.skipped], [2, 3, 9]);
    assert.equal(other.digest, (await sweepObject(folder(t), ...TINY, "--trials", "3", "--lambda", "1")).digest);
  });

  test("a longer original is another start: what goes on from it is trained again, and the shorter one stays", async (t) => {
    const cwd = folder(t);
    const args = [...SMALL, "--trials", "2", "--methods", "original,unlearn"];
    const short = await sweepObject(cwd, ...args, "--epochs", "original=4,unlearn=2");
    const long = await sweepObject(cwd, ...args, "--epochs", "original=7,unlearn=2");
    assert.deepEqual([long.sweep, long.trained, long.skipped], [2, 4, 0]);
    assert.equal((await sweepObject(cwd, ...args, "--epochs", "original=4,unlearn=2")).digest, short.digest);
  });

  test("unlearn alone trains its start without listing it", async (t) => {
    const cwd = folder(t);
    const alone = await sweepObject(
      cwd,
      ...[...SMALL, "--trials", "3", "--methods", "unlearn", "--epochs", "original=12,unlearn=3"],
    );
    assert.deepEqual([alone.trained, alone.summary.map(({ method }) => method)], [3, ["unlearn"]]);
    const all = await sweepObject(cwd, ...TINY, "--trials", "3");
    assert.deepEqual([all.trained, all.skipped], [9, 3]);
  });

  test("under the paired preset original and retrain_scratch begin alike, and unlearn goes on from the original of its own trial", async (t) => {
    const cwd = folder(t);
    const { summary } = await sweepObject(cwd, ...TINY, "--trials", "3", "--preset", "paired");
    assert.deepEqual(
      summary.map(({ trials }) => trials),
      [3, 3, 3, 3],
    );
    const path = join(cwd, "data", "gmm-sweep.db");
    const begins = (method: string): Promise<unknown[][]> =>
      rows(path, `select penalty from epoch_results where method = '${method}' and epoch = 1 order by trial`);
    // The penalty of epoch 1 is that of the fresh weights.
    assert.deepEqual(await begins("original"), await begins("retrain_scratch"));
    assert.equal(new Set((await begins("original")).flat()).size, 3);
    assert.deepEqual(
      await rows(
        path,
        "select trial, start_trial, replicate_of from trial_results where method = 'unlearn' order by trial",
      ),
      [1, 2, 3].map((trial) => [trial, trial, null]),
    );
    assert.equal(new Set((await begins("unlearn")).flat()).size, 3, "three starts, three runs");
    assert.deepEqual(await rows(path, "select distinct lambda_reg, lambda_effective from trial_results order by 1"), [
      [0, 0],
      [4.2, 4.2],
    ]);
  });

  test("imported data gives the sweep of the draw it was exported from, under its own name", async (t) => {
    const cwd = folder(t);
    const args = [
      "--hidden",
      "6,4",
      "--trials",
      "2",
      "--methods",
      "original",
      "--epochs",
      "original=5",
      "--engine",
      "reference",
    ];
    assert.equal(
      (await gmm(cwd, "data", "export", "draw", "--samples", "40", "--features", "3", "--forget-rows", "2")).code,
      0,
    );
    const imported = await sweepObject(cwd, ...args, "--data", "draw");
    assert.deepEqual([imported.trained, imported.failed], [2, 0]);
    const path = join(cwd, "data", "gmm-sweep.db");
    const [[draw, dataSeed, samples, features, forgetRows]] = await rows(
      path,
      "select distinct draw, data_seed, samples, features, forget_rows from trial_results",
    );
    assert.match(String(draw), /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual([dataSeed, samples, features, forgetRows], [null, 40, 3, 2]);
    const again = await gmm(cwd, ...args, "--data", "./draw/");
    assert.deepEqual([again.code, again.err], [0, "everything is finished already: nothing to train\n"]);
    assert.doesNotMatch(again.out, /Bayes/, "nobody told us the means of imported data");
  });

  test("a diverged trial is a result: exit 0, counted once, left out of the means", async (t) => {
    const cwd = folder(t);
    const args = [
      "--samples",
      "20",
      "--trials",
      "2",
      "--methods",
      "original",
      "--epochs",
      "original=5",
      "--learning-rate",
      "1e300",
    ];
    const first = await sweepObject(cwd, ...args);
    assert.deepEqual([first.trained, first.diverged, first.failed, first.summary], [0, 2, 0, []]);
    const second = await sweepObject(cwd, ...args);
    assert.deepEqual([second.trained, second.skipped, second.digest], [0, 2, first.digest]);
    const shown = await gmm(cwd, "show", "original", "1");
    assert.equal(shown.code, 0);
    assert.match(shown.out, /forget probability nan/);
  });

  test("a failed trial makes the exit code 1 and names its reason, until --retry-failed trains it", async (t) => {
    const cwd = folder(t);
    const path = join(cwd, "sweep.db");
    const flags = FLAGS;
    const args = [...words(flags), "--db", "sweep.db"];
    const fresh = await sweepObject(folder(t), ...args);
    await landedBefore(path, flags, (specs) => [failed(specs[1], "its thread died: worker exited with code: 9")]);
    const first = await gmm(cwd, ...args, "--quiet", "--json");
    const object = JSON.parse(first.out) as typeof fresh;
    assert.deepEqual([first.code, object.trained, object.skipped, object.failed], [1, 2, 0, 1]);
    const sentences =
      "1 of original failed, first trial 2: its thread died: worker exited with code: 9\nrun the same command with --retry-failed to train the failed trials again\n";
    assert.equal(first.err, sentences);
    const second = await gmm(cwd, ...args);
    assert.deepEqual([second.code, second.err], [1, `everything is finished already: nothing to train\n${sentences}`]);
    assert.match(second.out, /^original +2 /m);
    const third = await sweepObject(cwd, ...args, "--retry-failed");
    assert.deepEqual([third.trained, third.skipped, third.failed, third.digest], [1, 2, 0, fresh.digest]);
  });

  test("results that differ from what the file holds stop the run with exit 1, and the file is kept", async (t) => {
    const cwd = folder(t);
    const flags = { ...FLAGS, trials: "2" };
    await landedBefore(join(cwd, "sweep.db"), flags, ([first]) => [trained(first)]);
    const before = await rows(join(cwd, "sweep.db"), "select penalty from trial_results");
    const { code, out, err } = await gmm(
      cwd,
      ...words({ ...flags, epochs: "original=9" }),
      "--db",
      "sweep.db",
      "--quiet",
    );
    assert.deepEqual([code, out], [1, ""]);
    assert.match(
      err,
      /^gmm-sweep: sweep\.db holds 0\.\d+ where original trial 1 now gave 0\.\d+ at epoch 1, so one of the two is wrong: nothing was changed; keep the file, and run into another with --db\n$/,
    );
    assert.deepEqual(await rows(join(cwd, "sweep.db"), "select penalty from trial_results where trial = 1"), before);
  });

  test("a method file's methods are trained beside the notebook's, and the sweep notes the file", async (t) => {
    const cwd = folder(t);
    const definition =
      "neg_grad:\n  start: original\n  cross-entropy: { retained: 1/n, forget: -beta/k }\n  lambda: 0\n  epochs: 2\n";
    writeFileSync(join(cwd, "own.yaml"), `${definition}  parameters:\n    beta: [0.1, 0.2]\n`);
    const { summary } = await sweepObject(cwd, ...TINY, "--trials", "2", "--method-file", "own.yaml");
    assert.deepEqual(summary.map(({ method }) => String(method).replace(/~.*/, "")).sort(), [
      "neg_grad:beta=0.1",
      "neg_grad:beta=0.2",
      "original",
      "retrain_original",
      "retrain_scratch",
      "unlearn",
    ]);
    const [[command]] = await rows(join(cwd, "data", "gmm-sweep.db"), "select command from commands");
    assert.match(String(command), / --method-file own\.yaml /);
  });

  test("the command that a sweep keeps is what was typed of what is asked, without where and how", async (t) => {
    const cwd = folder(t);
    const args = ["--methods", "original", "--epochs", "original=2", "--samples", "20", "--trials", "1"];
    await sweepObject(cwd, ...args, "--workers", "1", "--db", "a b.db", "--retry-failed", "--quiet");
    assert.deepEqual(await rows(join(cwd, "a b.db"), "select command from commands"), [
      ["gmm-sweep run --trials 1 --methods original --epochs original=2 --samples 20"],
    ]);
  });
});

/** A small sweep of the original alone. */
const FLAGS = {
  samples: "40",
  features: "3",
  hidden: "6,4",
  trials: "3",
  methods: "original",
  epochs: "original=5",
  engine: "reference",
};

function words(flags: Readonly<Record<string, string>>): string[] {
  return Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
}

/** A file of this run in which only these outcomes have landed. */
async function landedBefore(
  path: string,
  flags: Readonly<Record<string, string>>,
  outcomes: (specs: readonly TrajectorySpec[]) => Outcome[],
): Promise<void> {
  const plan = runPlan(flags);
  const { profile } = await loadEngine(engineFrom(flags));
  const store = await openStore(path);
  const sweep = await store.open(openRequest(plan, profile));
  await store.record(sweep, outcomes(specsIn(plan)));
  await store.close();
}
