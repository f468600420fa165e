/** `verify`, `replay` and `digest`: what a file holds is what its keys say, to the bit, and where it is not, that is told. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { digestCommand } from "../src/commands/digest.js";
import { replayCommand } from "../src/commands/replay.js";
import { trainCommand } from "../src/commands/train.js";
import { verifyCommand } from "../src/commands/verify.js";
import { exportDraw } from "../src/data/directory.js";
import { seededDraw } from "../src/data/draw.js";
import type { Measures } from "../src/measures.js";
import type { Flags } from "../src/plan/flags.js";
import { readWeights } from "../src/run/weights.js";
import { assertGolden, assertSnakeCase, folder, gmm, rows, spoken } from "./command-line.js";
import { change, OWN_METHODS, retold, SMALL_GRID, type Tell, trainedFile, withRows } from "./fixtures/grids.js";
import { nextUp } from "./fixtures/sweeps.js";

const NET = { samples: "40", features: "3", hidden: "6,4", engine: "reference" };
const FLAGS: Flags = {
  ...NET,
  trials: "2",
  workers: "1",
  lambda: "0,4.2",
  epochs: "1:3,original=12,retrain_scratch=10",
  "data-seeds": "1",
};
const ROWS = 16;

/** A file with a finished grid, or with several. */
function trained(t: TestContext, ...grids: readonly Flags[]): Promise<string> {
  return trainedFile(t, ...(grids.length === 0 ? [FLAGS] : grids.map((flags) => ({ ...FLAGS, ...flags }))));
}

const HELD = "8 trajectories held against their hashes: nothing was changed\n";

/** Tells something else of one trajectory: unlearn's second trial at λ = 4.2. */
function ofOne(change: Tell): Tell {
  return (outcome) => {
    const { cell, trial } = outcome.spec;
    return cell.method === "unlearn" && cell.lambda === 4.2 && trial === 2 ? change(outcome) : outcome;
  };
}

/** Says the same of every trial row. */
const ofRows =
  (values: Partial<Measures>): Tell =>
  (outcome) =>
    withRows(outcome, ({ measures }) => ({ measures: { ...measures, ...values } }));

function verified(db: string, flags: Flags = {}): Promise<{ code: number; out: string; err: string }> {
  return spoken(verifyCommand, { file: db, sample: "1000", ...flags });
}

test("verify trains rows again and says how many came out equal", async (t) => {
  const db = await trained(t);
  assert.deepEqual(await verified(db), {
    code: 0,
    out: `${HELD}sweep 1: ${ROWS} of ${ROWS} trial rows came out equal to the bit (reference/f64/r1)\n`,
    err: "",
  });
  const { out } = await verified(db, { sample: "5" });
  assert.equal(out, `${HELD}sweep 1: 5 of 5 trial rows came out equal to the bit (reference/f64/r1)\n`);
});

test("with a sample of none verify trains nothing, and holds the hashes alone", async (t) => {
  const db = await retold(t, await trained(t), ofRows({ penalty: 0.5 }), "no engine's/f64/r1");
  assert.deepEqual(await verified(db, { sample: "0" }), { code: 0, out: HELD, err: "" });
});

const SORTS: [what: string, flags: Flags][] = [
  ["copies of the notebook's one run", { preset: "notebook" }],
  ["relearn, which goes on from unlearn", { methods: "relearn", epochs: "1:2,original=12,relearn=4" }],
  ["forget sets of several rows", { "forget-rows": "3" }],
  ["epochs that are kept at the end only", { record: "final" }],
  ["trials that diverged", { "learning-rate": "1e300" }],
  [
    "several draws and nets",
    { "data-seeds": "1:2", hidden: ["6,4", "4,6"], methods: "unlearn", epochs: "1:3,original=12" },
  ],
];

for (const [what, flags] of SORTS) {
  test(`verify and replay know ${what}`, async (t) => {
    const db = await trained(t, flags);
    const { code, out } = await verified(db);
    assert.equal(code, 0, out);
    assert.match(
      out,
      /^\d+ trajectories held .*: nothing was changed\nsweep 1: (\d+) of \1 trial rows came out equal to the bit/,
    );
    const narrow = "data-seeds" in flags ? { draw: "2", hidden: "4,6" } : {};
    const method = "methods" in flags ? String(flags["methods"]) : "unlearn";
    const start = method === "relearn" ? { start: "unlearn@4.2x1<original@0x12" } : { lambda: "4.2" };
    const replayed = await spoken(replayCommand, { file: db, method, trial: "2", epoch: "2", ...start, ...narrow });
    assert.deepEqual([replayed.code, replayed.err], [0, ""]);
    assert.match(replayed.out, /epoch 2: .*; equal to the bit to what is stored of epoch [23]\n$/);
  });
}

const OWN: Flags = {
  ...{ "method-file": OWN_METHODS, methods: "neg_grad_plus", lambda: undefined },
  epochs: "neg_grad_plus=1:3,original=12",
};

test("methods of one's own are verified and replayed without their file, by their name where it means one", async (t) => {
  const db = await trained(t, OWN);
  const { code, out } = await verified(db);
  assert.deepEqual(
    [code, out.split("\n")[1]],
    [0, "sweep 1: 12 of 12 trial rows came out equal to the bit (reference/f64/r1)"],
  );
  let names: readonly string[] = [];
  await assert.rejects(spoken(replayCommand, { file: db, method: "neg_grad_plus" }), ({ message }: Error) => {
    names = message.match(/neg_grad_plus:beta=\d~[0-9a-f]{8}/g) ?? [];
    const said = `--method must say which trial of ${db} is meant, one of ${names.join(", ")}, got neg_grad_plus`;
    assert.deepEqual([names.length, message], [2, said]);
    return true;
  });
  for (const method of names) {
    const replayed = await spoken(replayCommand, { file: db, method, trial: "2", epoch: "2" });
    assert.deepEqual([replayed.code, replayed.err], [0, ""]);
    assert.ok(replayed.out.startsWith(`${method} trial 2, λ 0, epoch 2: `), replayed.out);
  }
});

const EDITS: [what: string, sql: string, said: RegExp][] = [
  ["a measure of rows", "update trial_rows set penalty = 0.5 where epochs = 2 returning id", /^4 do not match/],
  [
    "the state of a row",
    "update trial_rows set state = 'diverged' where epochs = 12 and id % 4 = 1 returning id",
    /^1 does not match/,
  ],
  [
    "an epoch that went",
    "delete from epochs where epoch = 1 and trajectory_id = (select min(trajectory_id) from epochs) returning epoch",
    /^1 does not match/,
  ],
  [
    "an epoch's number",
    "update epochs set epoch = 99 where epoch = 12 and trajectory_id = (select min(trajectory_id) from epochs where epoch = 12) returning epoch",
    /^1 does not match/,
  ],
  [
    "a margin of a forget row",
    "update forget_margins set forget_margin = 0.5 where forget_row = 2 and trial_row_id = (select min(trial_row_id) from forget_margins) returning forget_row",
    /^1 does not match/,
  ],
  [
    "λ in the gradient",
    "update cell_keys set lambda_effective = 9 where method = 'original' returning id",
    /^3 do not match/, // two trajectories, and the sweep whose cell it is
  ],
  ["the numerics profile", "update cell_keys set profile = 'reference/f64/r0' returning id", /do not match/],
  ["a cell that went", "delete from sweep_cells where epochs = 12 returning epochs", /does not match/],
];

for (const [what, sql, said] of EDITS) {
  test(`verify finds by the hashes, without training, ${what}`, async (t) => {
    const db = await trained(t, { "forget-rows": "2" });
    await change(db, sql);
    const { code, out } = await verified(db, { sample: "0" });
    const [held, ...lines] = out.trimEnd().split("\n");
    assert.equal(code, 1, out);
    assert.ok(held.startsWith("8 trajectories held against their hashes: "), held);
    assert.match(held.slice(held.indexOf(": ") + 2), said);
    assert.ok(lines.length > 0);
    for (const line of lines) assert.match(line, /^ {2}\S.*: \S.*$/);
  });
}

test("what does not match its hash is trained again too, where the sample has it", async (t) => {
  const db = await trained(t);
  await change(db, "update trial_rows set penalty = 0.5 where epochs = 12 returning id");
  const { code, out } = await verified(db);
  assert.equal(code, 1);
  assert.match(out, /^8 trajectories held against their hashes: 2 do not match\n/);
  assert.match(out, /^sweep 1: 14 of 16 trial rows came out equal to the bit/m);
});

test("where a key was changed to one that nobody asks for verify says no, and not that it was called wrongly", async (t) => {
  const db = await trained(t);
  await change(db, "update cell_keys set start = 'original@0x13' where method = 'unlearn' returning id");
  const { code, out, err } = await verified(db);
  assert.equal(code, 1, err);
  assert.match(out, /^8 trajectories held against their hashes: \d+ do not match\n/);
  assert.match(err, /^not trained again: the file has a row of unlearn .* that its sweep does not ask for/);
});

const CHANGES: [what: string, flags: Flags, tell: Tell][] = [
  [
    "a measure of a row",
    {},
    (outcome) =>
      withRows(outcome, ({ epochs, measures }) =>
        epochs === 2 ? { measures: { ...measures, forget_probability: 0.5 } } : {},
      ),
  ],
  [
    "an epoch of a curve",
    {},
    (outcome) => {
      const curve = structuredClone(outcome.curve);
      curve.penalty[2] = 0.5;
      return { ...outcome, curve };
    },
  ],
  [
    "the margin of a forget row",
    { "forget-rows": "2" },
    (outcome) =>
      withRows(outcome, ({ epochs, forgetMargins }) =>
        epochs === 3 ? { forgetMargins: Float64Array.of(forgetMargins[0], 0.5) } : {},
      ),
  ],
  [
    "the state of a row",
    {},
    (outcome) => withRows(outcome, ({ epochs }) => (epochs === 1 ? { state: "diverged" } : {})),
  ],
];

for (const [what, flags, tell] of CHANGES) {
  test(`verify finds ${what} that was changed`, async (t) => {
    const db = await retold(t, await trained(t, flags), ofOne(tell));
    const { code, out, err } = await verified(db);
    assert.deepEqual([code, err], [1, ""]);
    assertGolden(`verify finds ${what} that was changed`, out);
  });
}

test("verify says the least bit that differs", async (t) => {
  const db = await retold(
    t,
    await trained(t),
    ofOne((outcome) =>
      withRows(outcome, ({ epochs, measures }) =>
        epochs === 2 ? { measures: { ...measures, penalty: nextUp(Number(measures.penalty)) } } : {},
      ),
    ),
  );
  const { code, out } = await verified(db);
  assert.equal(code, 1);
  assert.match(out, /^sweep 1: 15 of 16 trial rows came out equal/m);
});

test("of many values that differ verify shows 20, and says how many there are", async (t) => {
  const db = await retold(t, await trained(t), ofRows({ penalty: 0.5, cross_entropy: 0.25 }));
  const lines = (await verified(db)).out.split("\n");
  assert.deepEqual(lines.slice(-5), [
    "… and 12 more",
    "",
    "sweep 1: 0 of 16 trial rows came out equal to the bit (reference/f64/r1)",
    "the file was changed after it was written, or one of the two trainings went wrong: keep the file, and train the sweep into another with --db",
    "",
  ]);
});

test("the sample is the same for the same seed, and another for another", async (t) => {
  const db = await retold(t, await trained(t), ofRows({ penalty: 0.5 }));
  const [one, again, other] = await Promise.all(
    ["1", "1", "2"].map(async (seed) => (await verified(db, { sample: "4", seed })).out),
  );
  assert.equal(again, one);
  assert.notEqual(other, one);
});

test("a file of several numerics profiles is verified with each, and replay asks which is meant", async (t) => {
  const db = await trained(t, {}, { engine: "fused", precision: "f64" }, { engine: "fused", precision: "f32" });
  const { code, out } = await verified(db, { sample: "5" });
  assert.equal(code, 0);
  const profiles = [...out.matchAll(/^sweep \d: 5 of 5 trial rows came out equal to the bit \((.*)\)$/gm)].map(
    ([, profile]) => profile,
  );
  assert.equal(new Set(profiles).size, 3);
  const wanted = { file: db, lambda: "4.2" };
  await assert.rejects(spoken(replayCommand, wanted), {
    message: `--profile must say which trial of ${db} is meant, one of ${profiles.toSorted().join(", ")}, got none`,
  });
  for (const profile of profiles) assert.equal((await spoken(replayCommand, { ...wanted, profile })).code, 0);
  assert.match((await verified(db, { sample: "5", sweep: "2" })).out, /^24 trajectories held .*\nsweep 2: .*\n$/);
});

test("rows of a numerics profile that no engine here gives are refused by its name", async (t) => {
  const db = await retold(t, await trained(t), (outcome) => outcome, "reference/f64/r0");
  const refusal = {
    fault: "environment",
    message: `${db} was trained with the numerics profile reference/f64/r0, which no engine gives on this machine: gmm-sweep doctor lists those it has`,
  };
  await assert.rejects(verified(db), refusal);
  await assert.rejects(spoken(replayCommand, { file: db, lambda: "0" }), refusal);
});

test("rows of imported data are verified and replayed with the folders that --data names", async (t) => {
  const cwd = folder(t);
  const [one, two] = [1, 2].map((dataSeed) => {
    const data = join(cwd, `draw${dataSeed}`);
    exportDraw(seededDraw({ kind: "seeded", dataSeed, samples: 40, features: 3, forgetRows: 2 }), data);
    return data;
  });
  const imported = { samples: undefined, features: undefined, "data-seeds": undefined };
  const db = await trained(t, { ...imported, data: one }, { ...imported, data: two });
  assert.equal((await verified(db, { data: [one, two] })).code, 0);
  assert.equal((await verified(db, { data: `${two},${one}` })).code, 0);
  const sha = "sha256:[0-9a-f]{64}";
  await assert.rejects(verified(db), {
    message: new RegExp(
      `^--data must name the folder of the imported data ${sha}, since a file of results does not hold it, got none$`,
    ),
  });
  await assert.rejects(verified(db, { data: one }), { message: new RegExp(` does not hold it, got ${sha}$`) });
  const wanted = { file: db, lambda: "4.2" };
  assert.equal((await spoken(replayCommand, { ...wanted, data: one })).code, 0, "a folder names its draw");
  await assert.rejects(spoken(replayCommand, wanted), {
    message: new RegExp(`^--draw must say which trial of .* is meant, one of ${sha}, ${sha}, got none$`),
  });
});

test("a sweep without a finished row has nothing to verify, and nothing to replay", async (t) => {
  const db = await retold(t, await trained(t), () => null);
  assert.deepEqual(await verified(db), {
    code: 0,
    out: "0 trajectories held against their hashes: nothing was changed\nsweep 1: there is no finished trial row to train again\n",
    err: "",
  });
  await assert.rejects(spoken(replayCommand, { file: db }), {
    message: `--method must be one that ${db} has finished trials of, got unlearn: gmm-sweep status ${db} says what is there`,
  });
});

const SHAPE = { features: 3, widths: [6, 4] } as const;

test("replay writes the weights that the same training by itself has at that epoch", async (t) => {
  const db = await trained(t, { preset: "notebook", trials: "1" });
  const [out, other] = [join(folder(t), "weights.npz"), join(folder(t), "other.npz")];
  const replayed = await spoken(replayCommand, { file: db, lambda: "4.2", epoch: "2", out });
  assert.equal(replayed.code, 0);
  assert.match(
    replayed.out,
    /^unlearn trial 1, λ 4\.2, epoch 2: train accuracy 0\.\d+, forget probability 0\.\d+; equal to the bit to what is stored of epoch 2; weights in .*weights\.npz\n$/,
  );
  await spoken(trainCommand, {
    ...NET,
    "data-seed": "1",
    method: "unlearn",
    lambda: "4.2",
    epochs: "original=12,unlearn=2",
    out: other,
  });
  assert.deepEqual(readWeights(out, SHAPE), readWeights(other, SHAPE));
});

test("an epoch that was not kept is replayed on the way to the next one that was, and checked there", async (t) => {
  const db = await trained(t, { record: "final", epochs: "3,original=12" });
  const all = await trained(t, { epochs: "3,original=12" });
  const [out, other] = [join(folder(t), "weights.npz"), join(folder(t), "other.npz")];
  const replayed = await spoken(replayCommand, { file: db, lambda: "4.2", trial: "2", epoch: "1", out });
  assert.match(replayed.out, /, epoch 1: .*; equal to the bit to what is stored of epoch 3; weights in /);
  await spoken(replayCommand, { file: all, lambda: "4.2", trial: "2", epoch: "1", out: other });
  assert.deepEqual(readWeights(out, SHAPE), readWeights(other, SHAPE));
});

test("the copies of one run have its weights", async (t) => {
  const db = await trained(t, { preset: "notebook" });
  const weights: Float64Array[] = [];
  for (const trial of ["1", "2"]) {
    const out = join(folder(t), "weights.npz");
    assert.equal((await spoken(replayCommand, { file: db, lambda: "4.2", trial, out })).code, 0);
    weights.push(readWeights(out, SHAPE));
  }
  assert.deepEqual(weights[0], weights[1]);
});

test("replay writes nothing where the file holds something else, in a curve or in a row", async (t) => {
  const inCurve: Tell = (outcome) => {
    const curve = structuredClone(outcome.curve);
    curve.crossEntropy[1] = 0.5;
    return { ...outcome, curve };
  };
  for (const tell of [inCurve, ofRows({ cross_entropy: 0.5 })]) {
    const db = await retold(t, await trained(t), ofOne(tell));
    const cwd = folder(t);
    const flags = { file: db, lambda: "4.2", trial: "2", epoch: "2", out: join(cwd, "weights.npz") };
    const { code, out, err } = await spoken(replayCommand, flags);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(
      err,
      /^unlearn trial 2, λ 4\.2, epoch 2: trained again it gives 0\.\d+ as cross_entropy of epoch 2, where .*sweep\.db holds 0\.5: no weights were written; gmm-sweep verify .*sweep\.db compares other trials\n$/,
    );
    assert.deepEqual(readdirSync(cwd), []);
  }
});

/** What replay says to options that name no trial, or several; DB stands for the file. */
const AMBIGUOUS: [flags: Flags, message: string][] = [
  [{}, "--preset must say which trial of DB is meant, one of notebook, paired, got none"],
  [{ preset: "paired" }, "--lambda must say which trial of DB is meant, one of 0, 4.2, got none"],
  [{ preset: "paired", lambda: "4" }, "--lambda must be what DB has of unlearn trial 1, one of 0, 4.2, got 4"],
  [
    { preset: "paired", lambda: "4.20", "forget-rows": "1" },
    "--samples must say which trial of DB is meant, one of 20, 40, got none",
  ],
  [
    { preset: "paired", lambda: "0", samples: "40", "learning-rate": "2e-2" },
    "--learning-rate must be what DB has of unlearn trial 1, one of 0.01, got 0.02",
  ],
  [{ trial: "3" }, "--trial must be a finished trial of unlearn in DB, got 3: gmm-sweep status DB says what is there"],
  [
    { method: "relabel" },
    "--method must be one that DB has finished trials of, got relabel: gmm-sweep status DB says what is there",
  ],
  [
    { preset: "paired", lambda: "0", samples: "40", epoch: "4" },
    "--epoch must be one that unlearn trial 1 was trained to, 1 to 3, got 4",
  ],
  [{ epoch: "0" }, "--epoch must be a whole number from 1 up to 2^53 − 1, got 0"],
  [{ epoch: "last" }, "--epoch must be a whole number from 1 up to 2^53 − 1, got last"],
  [{ preset: "both" }, "--preset must be one of notebook, paired, got both"],
  [{ hidden: "6" }, "--hidden must be two widths such as 64,32, got 6"],
  [{ lambda: "much" }, "--lambda must be a number from 0 up, got much"],
  [{ out: "DB" }, "--out must be another file than the database, got DB for both: name a file of its own"],
  [
    { data: "none" },
    "--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but X.npy in none cannot be read (ENOENT: no such file or directory, open 'none/X.npy')",
  ],
];

test("replay says which option must say more, or other, with what the file has", async (t) => {
  const db = await trained(t, { preset: "notebook,paired", samples: "20,40" });
  for (const [flags, message] of AMBIGUOUS) {
    const given = Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, value === "DB" ? db : value]));
    await assert.rejects(spoken(replayCommand, { file: db, ...given }), {
      fault: "usage",
      message: message.replaceAll("DB", db),
    });
  }
});

test("an --out that cannot be written is told before anything is trained", async (t) => {
  const cwd = folder(t);
  assert.equal(
    (await gmm(cwd, "grid", ...SMALL_GRID, "--trials", "1", "--db", "sweep.db", "--epochs", "original=9")).code,
    0,
  );
  assert.deepEqual(await gmm(cwd, "replay", "sweep.db", "--out", "none/weights.npz"), {
    code: 2,
    signal: null,
    out: "",
    err: "gmm-sweep: --out must be a file that can be written, got none/weights.npz (ENOENT: no such file or directory, access 'none')\n",
  });
});

test("digest prints each sweep's digest, the same for the same results wherever they were computed", async (t) => {
  const [here, there] = [await trained(t, {}, { seed: "1" }), await trained(t, { seed: "1", workers: "2" }, {})];
  const digests = async (file: string, flags: Flags = {}): Promise<string[]> => {
    const { code, out } = await spoken(digestCommand, { file, ...flags });
    assert.equal(code, 0);
    return out.trimEnd().split("\n");
  };
  const lines = await digests(here);
  assert.deepEqual(
    lines.map((line) => line.slice(64)),
    [
      "  sweep 1: gmm-sweep grid --trials 2 --lambda 0,4.2 --epochs 1:3,original=12,retrain_scratch=10 --data-seeds 1 --samples 40 --features 3 --hidden 6,4 --engine reference",
      "  sweep 2: gmm-sweep grid --trials 2 --lambda 0,4.2 --epochs 1:3,original=12,retrain_scratch=10 --data-seeds 1 --samples 40 --features 3 --hidden 6,4 --seed 1 --engine reference",
    ],
  );
  const short = (found: readonly string[]): string[] => found.map((line) => line.slice(0, 64));
  assert.deepEqual(short(await digests(there)).toReversed(), short(lines));
  assert.deepEqual(await digests(here, { sweep: "2" }), [lines[1]]);
  const other = await retold(t, here, (outcome) =>
    withRows(outcome, ({ measures }) => ({ measures: { ...measures, penalty: nextUp(Number(measures.penalty)) } })),
  );
  for (const [i, line] of short(await digests(other)).entries()) assert.notEqual(line, short(lines)[i]);
});

test("verify --json is one object: what the hashes say, and of each sweep what came out otherwise", async (t) => {
  const db = await retold(t, await trained(t), ofOne(ofRows({ penalty: 0.5 })));
  const { code, out, err } = await spoken(verifyCommand, { file: db, sample: "100", json: true });
  assert.deepEqual([code, err], [1, ""]);
  const { sweeps, ...held } = JSON.parse(out) as { sweeps: Record<string, unknown>[] };
  assert.deepEqual(held, { trajectories: 8, changed: 0, damages: [], not_trained_again: null });
  const [{ differing, ...sweep }] = sweeps as [{ differing: Record<string, unknown>[] }];
  assert.deepEqual(sweep, { sweep: 1, profile: "reference/f64/r1", trained_again: 16 });
  assert.deepEqual(
    new Set(
      differing.map(
        ({ method, trial, lambda_reg, measure, stored }) => `${method} ${trial} ${lambda_reg} ${measure} ${stored}`,
      ),
    ),
    new Set(["unlearn 2 4.2 penalty 0.5"]),
  );
  assertSnakeCase(out);
});

test("verify --json names what does not match its hash", async (t) => {
  const db = await trained(t);
  await change(db, "update trial_rows set penalty = 0.5 where epochs = 12 and id % 4 = 1 returning id");
  const { code, out } = await spoken(verifyCommand, { file: db, sample: "0", json: true });
  const { changed, damages, sweeps } = JSON.parse(out) as { changed: number; damages: string[]; sweeps: unknown[] };
  assert.deepEqual([code, changed, damages.length, sweeps], [1, 1, 1, []]);
  assert.match(damages[0], /^original/);
});

test("replay --json is one object with the key, what was compared and what the epoch gave", async (t) => {
  const db = await trained(t);
  const flags = { file: db, lambda: "4.2", trial: "2", epoch: "2", json: true };
  const { code, out } = await spoken(replayCommand, flags);
  const { method, trial, epoch, compared_epoch, equal, forget_probability, weights } = JSON.parse(out) as Record<
    string,
    unknown
  >;
  assert.deepEqual([code, method, trial, epoch, compared_epoch, equal, weights], [0, "unlearn", 2, 2, 2, true, null]);
  const sql =
    "select forget_probability from trial_results where method = 'unlearn' and lambda_reg = 4.2 and trial = 2 and epochs = 2";
  assert.deepEqual(await rows(db, sql), [[forget_probability]]);
  assertSnakeCase(out);
  const other = await retold(t, db, ofOne(ofRows({ cross_entropy: 0.5 })));
  const differing = await spoken(replayCommand, { ...flags, file: other });
  const said = JSON.parse(differing.out) as Record<string, unknown>;
  assert.deepEqual([differing.code, said["equal"], said["column"], said["stored"]], [1, false, "cross_entropy", 0.5]);
});

test("replay takes the run of --sweep, where sweeps have several", async (t) => {
  const db = await trained(t, { name: "one", lambda: "4.2" }, { name: "two", lambda: "2" });
  const asked = { message: `--lambda must say which trial of ${db} is meant, one of 2, 4.2, got none` };
  await assert.rejects(spoken(replayCommand, { file: db }), asked);
  for (const [sweep, lambda] of [
    ["1", "4.2"],
    ["2", "2"],
  ])
    assert.ok((await spoken(replayCommand, { file: db, sweep })).out.startsWith(`unlearn trial 1, λ ${lambda}, `));
  await assert.rejects(spoken(replayCommand, { file: db, sweep: "3" }), {
    message: `--sweep must be a sweep of ${db}, one of 1, 2, got 3`,
  });
});

test("digest --json is an array of the sweeps with their digests", async (t) => {
  const db = await trained(t, { name: "one" }, { name: "two", lambda: "2" });
  const { out: text } = await spoken(digestCommand, { file: db });
  const { code, out } = await spoken(digestCommand, { file: db, json: true });
  const found = JSON.parse(out) as { sweep: number; digest: string; command: string }[];
  assert.equal(code, 0);
  assert.equal(found.map(({ sweep, digest, command }) => `${digest}  sweep ${sweep}: ${command}\n`).join(""), text);
  assert.equal(found.length, 2);
  assertSnakeCase(out);
});
