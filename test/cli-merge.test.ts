/** `gmm-sweep merge`: shards united give the file of the whole grid, and what does not fit together is refused. */
import assert from "node:assert/strict";
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { digestCommand } from "../src/commands/digest.js";
import { gridCommand } from "../src/commands/grid.js";
import { mergeCommand } from "../src/commands/merge.js";
import { runCommand } from "../src/commands/run.js";
import { loadProfile } from "../src/engine/engines.js";
import type { SweepError } from "../src/errors.js";
import type { Flags } from "../src/plan/flags.js";
import { settingsOf } from "../src/plan/plan.js";
import { openResults, openStore } from "../src/store/open.js";
import { folder, gmm, spoken } from "./command-line.js";
import { change, retold, SMALL_GRID, type Tell, trainedFile, withRows } from "./fixtures/grids.js";
import { failed, nextUp, openRequest, smallPlan } from "./fixtures/sweeps.js";

const GRID: Flags = {
  ...{ samples: "40", features: "3", hidden: "6,4", engine: "reference", trials: "3", workers: "1" },
  ...{ lambda: "0,4.2", epochs: "1:2,original=12,retrain_scratch=10", "data-seeds": "1:2", quiet: true },
};
const SHARDS = 4;

/** Files of shards, each trained once however many tests begin with it. */
const known = new Map<string, Buffer>();

/** Trains shards of the grid into part1.db … in `cwd`, on from what is there; returns their paths. */
async function parts(cwd: string, numbers: readonly number[], flags: Flags = {}): Promise<string[]> {
  const paths: string[] = [];
  for (const number of numbers) {
    const db = join(cwd, `part${number}.db`);
    paths.push(db);
    const asked = { ...GRID, shard: `${number}/${SHARDS}`, ...flags };
    const key = existsSync(db) ? null : JSON.stringify(asked);
    const file = known.get(key ?? "");
    if (file !== undefined) writeFileSync(db, file);
    else {
      const { code, err } = await spoken(gridCommand, { ...asked, db });
      assert.deepEqual([code, err], [0, ""]);
      if (key !== null) known.set(key, readFileSync(db));
    }
  }
  return paths;
}

function merge(out: string, files: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return spoken(mergeCommand, { out, parts: files });
}

async function digest(file: string): Promise<string> {
  const { out } = await spoken(digestCommand, { file });
  return /[0-9a-f]{64}/.exec(out)?.[0] ?? out;
}

/** Tells something else of the first trajectory that it hears of. */
function firstOnly(change: Tell): Tell {
  let heard = false;
  return (outcome) => {
    if (heard) return outcome;
    heard = true;
    return change(outcome);
  };
}

/** The digest of the grid in one file. */
async function wholeDigest(t: TestContext): Promise<string> {
  return digest(await trainedFile(t, GRID));
}

test("four shards merged, in any order, are the whole grid to the bit", async (t) => {
  const cwd = folder(t);
  const files = await parts(cwd, [1, 2, 3, 4]);
  const expected = await wholeDigest(t);
  const [forward, backward] = [join(cwd, "forward.db"), join(cwd, "backward.db")];
  const { code, out } = await merge(forward, files);
  assert.equal(code, 0);
  assert.match(out, new RegExp(`: 36 of 36 trial rows, digest ${expected}\n\nnearest to retraining, `));
  assert.equal((await merge(backward, files.toReversed())).code, 0);
  assert.equal(await digest(backward), expected);
});

test("every shard has a part of its own, and merging it twice adds nothing", async (t) => {
  const cwd = folder(t);
  const files = await parts(cwd, [1, 2, 3, 4]);
  const whole = join(cwd, "whole.db");
  const first = (await merge(whole, files)).out.matchAll(/: (\d+) trial rows and (\d+) epochs were new\n/g);
  const rows = [...first].map(([, count]) => Number(count));
  assert.ok(rows.every((count) => count > 0));
  assert.equal(
    rows.reduce((sum, count) => sum + count, 0),
    36,
  );
  const again = await merge(whole, files);
  assert.equal(again.code, 0);
  assert.equal(again.out.match(/: 0 trial rows and 0 epochs were new\n/g)?.length, SHARDS);
});

test("a missing shard is named with the lines that run it, and running that line completes the grid", async (t) => {
  const cwd = folder(t);
  await parts(cwd, [1, 2, 4]);
  const told = await gmm(cwd, "merge", "whole.db", "part1.db", "part2.db", "part4.db");
  assert.equal(told.code, 1);
  const words =
    "--trials 3 --lambda 0,4.2 --epochs 1:2,original=12,retrain_scratch=10 --data-seeds 1:2 --samples 40 --features 3 --hidden 6,4 --engine reference";
  assert.match(told.out, /shards that are missing or not complete: 3\/4; each goes on from what its file has:\n/);
  assert.ok(told.out.includes(`\n  gmm-sweep grid ${words} --shard 3/4 --db part3.db\n`), told.out);
  assert.match(told.out, /\n {2}sbatch --array=3 \S*scripts\/slurm\.sbatch 4 --trials 3 /);
  const line = /^ {2}gmm-sweep (grid .* --db part3\.db)$/m.exec(told.out)?.[1] ?? "";
  assert.equal((await gmm(cwd, ...line.split(" "), "--quiet")).code, 0);
  const { code, out } = await gmm(cwd, "merge", "whole.db", "part3.db");
  assert.equal(code, 0, out);
  assert.ok(out.includes(await wholeDigest(t)));
});

test("several missing shards are named as --shard names them", async (t) => {
  const cwd = folder(t);
  await parts(cwd, [1, 3]);
  const lacking = async (...files: string[]): Promise<string | undefined> =>
    /not complete: ([^;]+);/.exec((await gmm(cwd, "merge", ...files)).out)?.[1];
  assert.equal(await lacking("two.db", "part1.db", "part3.db"), "2/4 and 4/4");
  assert.equal(await lacking("one.db", "part1.db"), "2-4/4");
});

test("of shards that grew a missing one is told with each command that grew them", async (t) => {
  const cwd = folder(t);
  await parts(cwd, [1, 2, 4], { lambda: "0,4.2", trials: "2" });
  await parts(cwd, [1, 2, 4], { lambda: "0,7" });
  const told = await gmm(cwd, "merge", "whole.db", "part1.db", "part2.db", "part4.db");
  assert.equal(told.code, 1, told.err);
  const place = "--shard 3/4 --db part3.db";
  const line = told.out.split("\n").find((text) => text.endsWith(place)) ?? told.out;
  assert.match(line, /^ {2}gmm-sweep grid --trials 2 --lambda 0,4\.2 .* && gmm-sweep grid --trials 3 --lambda 0,7 /);
  assert.equal(told.out.match(/^ {2}sbatch --array=3 /gm)?.length, 2);
  for (const command of line.split(" && ")) {
    const words = command.trim().split(" ").slice(1);
    assert.equal((await gmm(cwd, ...words, "--quiet")).code, 0);
  }
  const { code, out } = await gmm(cwd, "merge", "whole.db", "part3.db");
  assert.equal(code, 0, out);
});

test("a shard that is not complete is named like one that is missing", async (t) => {
  const cwd = folder(t);
  const files = await parts(cwd, [1, 2, 3, 4]);
  files[1] = await retold(
    t,
    files[1],
    firstOnly(() => null),
  );
  const { code, out } = await merge(join(cwd, "whole.db"), files);
  assert.equal(code, 1);
  assert.match(out, /missing or not complete: 2\/4;/);
});

test("a part that differs in one bit from one before it is refused, and no file is made", async (t) => {
  const cwd = folder(t);
  const [part] = await parts(cwd, [1]);
  const other = await retold(
    t,
    part,
    firstOnly((outcome) =>
      withRows(outcome, ({ measures }) => ({ measures: { ...measures, penalty: nextUp(Number(measures.penalty)) } })),
    ),
  );
  await assert.rejects(merge(join(cwd, "whole.db"), [part, other]), (error: SweepError) => {
    assert.equal(error.fault, "check");
    assert.match(
      error.message,
      /^\S*sweep\.db differs from \S*whole\.db or from a part before it in \w+ of λ [\d.]+ on draw \d, trial \d, at epoch \d+, so one of the two is wrong: nothing was merged; gmm-sweep verify FILE says whether it is that FILE$/,
    );
    return true;
  });
  assert.deepEqual(
    readdirSync(cwd).filter((name) => name.startsWith("whole")),
    [],
  );
});

test("a refused merge leaves no file behind, and one that was there as it is", async (t) => {
  const cwd = folder(t);
  const [part] = await parts(cwd, [1]);
  await change(part, "update trial_rows set penalty = 0.5 where epochs = 2 returning id");
  const [whole, empty] = [join(cwd, "whole.db"), join(cwd, "empty.db")];
  await (await openStore(empty)).close();
  const before = readFileSync(empty);
  for (const out of [whole, empty]) await assert.rejects(merge(out, [part]), { fault: "usage" });
  assert.deepEqual(readdirSync(cwd).sort(), ["empty.db", "part1.db"]);
  assert.deepEqual(readFileSync(empty), before);
});

test("an epoch of a curve that differs is refused too, and a file that was there stays as it was", async (t) => {
  const cwd = folder(t);
  const [part] = await parts(cwd, [1]);
  const whole = join(cwd, "whole.db");
  await merge(whole, [part]);
  const before = await digest(whole);
  const other = await retold(t, part, (outcome) => {
    const curve = structuredClone(outcome.curve);
    curve.forgetMargin[0] += 1;
    return { ...outcome, curve };
  });
  await assert.rejects(merge(whole, [...(await parts(cwd, [2])), other]), { fault: "check" });
  assert.equal(await digest(whole), before);
});

test("a finished row takes the place of one that failed elsewhere, in either order", async (t) => {
  const cwd = folder(t);
  const files = await parts(cwd, [1, 2, 3, 4]);
  const broken = await retold(
    t,
    files[0],
    firstOnly(({ spec }) => failed(spec, "its thread died")),
  );
  const expected = await wholeDigest(t);
  for (const [i, order] of [
    [broken, ...files],
    [...files, broken],
  ].entries()) {
    const { code, out } = await merge(join(cwd, `whole${i}.db`), order);
    assert.equal(code, 0, out);
    assert.ok(out.includes(expected));
  }
  const alone = await merge(join(cwd, "failed.db"), [broken, ...files.slice(1)]);
  assert.equal(alone.code, 1);
  assert.match(alone.out, /of them failed; this trains them again:\n {2}gmm-sweep grid .* --retry-failed\n/);
});

test("several forget rows, both presets and copies come through a merge", async (t) => {
  const cwd = folder(t);
  const flags = { "forget-rows": "2", preset: "notebook,paired" };
  const files = await parts(cwd, [1, 2, 3, 4], flags);
  const whole = join(cwd, "whole.db");
  assert.equal((await merge(whole, files)).code, 0);
  const alone = join(cwd, "alone.db");
  assert.equal((await spoken(gridCommand, { ...GRID, ...flags, db: alone })).code, 0);
  assert.equal(await digest(whole), await digest(alone));
});

test("shards on imported data that lay in two folders are parts of one sweep of one draw, which goes on where it lay last", async (t) => {
  const cwd = folder(t);
  assert.equal((await gmm(cwd, "data", "export", "d1", ..."--samples 40 --features 3".split(" "))).code, 0);
  cpSync(join(cwd, "d1"), join(cwd, "d2"), { recursive: true });
  const { "data-seeds": _seeds, samples: _samples, features: _features, ...rest } = GRID;
  const files: string[] = [];
  for (const number of [1, 2]) {
    const [db, data] = [join(cwd, `part${number}.db`), join(cwd, `d${number}`)];
    assert.equal((await spoken(gridCommand, { ...rest, data, shard: `${number}/2`, db })).code, 0);
    files.push(db);
  }
  const whole = join(cwd, "whole.db");
  const { code, out } = await merge(whole, files);
  assert.equal(code, 0, out);
  const results = await openResults(whole);
  t.after(() => results.close());
  const [{ plan }, ...others] = await results.sweeps();
  assert.deepEqual(others, []);
  assert.deepEqual(
    settingsOf(plan).map(({ draw }) => draw.kind === "imported" && draw.directory),
    [join(cwd, "d2")],
  );
  const again = await spoken(gridCommand, { ...rest, data: join(cwd, "d1"), db: whole, json: true });
  assert.equal(JSON.parse(again.out).trained, 0);
});

test("a shard of another numerics profile is named as one, and never counted as missing of a sweep of its own", async (t) => {
  const cwd = folder(t);
  const files = await parts(cwd, [1, 2, 3, 4]);
  copyFileSync(await retold(t, files[1], (outcome) => outcome, "reference/f64/r2"), files[1]);
  const whole = join(cwd, "whole.db");
  const { code, out } = await merge(whole, files);
  assert.equal(code, 1);
  const [first, second] = out.slice(out.indexOf("sweep 1 ")).split(/(?=^sweep 2 )/m);
  assert.match(first, /^sweep 1 \(reference\/f64\/r1\): 24 of 36 trial rows, /);
  assert.ok(
    first.includes(
      `\n${files[1]} has shard 2/4 with the numerics profile reference/f64/r2, and so as a sweep of its own: trained where gmm-sweep doctor lists reference/f64/r1, it is a part of this one\n`,
    ),
    first,
  );
  assert.match(first, /shards that are missing or not complete: 2\/4;/);
  assert.equal(second.match(/ has shard \d\/4 with the numerics profile reference\/f64\/r1, /g)?.length, 3);
  // Not into the file of the other profile's numbers.
  assert.ok(first.includes(` --shard 2/4 --db ${join(cwd, "part2-again.db")}\n`), first);
});

test("merge with --json prints one object: the parts, and of each sweep what is there, missing and elsewhere", async (t) => {
  const cwd = folder(t);
  const files = await parts(cwd, [1, 2, 4]);
  files[2] = await retold(t, files[2], (outcome) => outcome, "reference/f64/r2");
  const whole = join(cwd, "whole.db");
  const { code, out } = await spoken(mergeCommand, { out: whole, parts: files, json: true });
  assert.equal(code, 1);
  const { sweeps, ...said } = JSON.parse(out);
  assert.deepEqual(said, {
    out: whole,
    parts: [
      { file: files[0], trial_rows: 11, epochs: 42 },
      { file: files[1], trial_rows: 12, epochs: 52 },
      { file: files[2], trial_rows: 6, epochs: 26 },
    ],
  });
  const { digest: _digest, ...first } = sweeps[0];
  assert.deepEqual(first, {
    ...{ sweep: 1, profile: "reference/f64/r1", rows: 36, missing: 13, failed: 0, missing_shards: [3, 4] },
    other_profiles: [{ file: files[2], shard: "4/4", profile: "reference/f64/r2" }],
  });
});

test("merge says how to go on with a command that was kept with its place: OUT's stands in the place of that", async (t) => {
  const cwd = folder(t);
  const [part, whole] = [join(cwd, "part.db"), join(cwd, "whole.db")];
  const store = await openStore(part);
  // An older gmm-sweep kept --db with it.
  const command = "gmm-sweep run --db 'it'\\''s a.db' --trials 2 --shard 1/2";
  await store.open({ ...openRequest(smallPlan()), command: { command, version: "0.1.0", machine: "a test" } });
  await store.close();
  const { out } = await merge(whole, [part]);
  assert.ok(out.endsWith(`; this trains them:\n  gmm-sweep run --trials 2 --db ${whole}\n`), out);
});

test("a merged file prints the results of the sweeps that are complete", async (t) => {
  const cwd = folder(t);
  const db = join(cwd, "run.db");
  const flags = { samples: "40", features: "3", hidden: "6,4", engine: "reference", trials: "2", epochs: "2" };
  const { out: expected } = await spoken(runCommand, { ...flags, workers: "1", quiet: true, db });
  const { code, out } = await merge(join(cwd, "whole.db"), [db]);
  assert.equal(code, 0);
  assert.ok(out.endsWith(`\n\n${expected}`), out);
});

test("a merge that a run has come before puts nothing away: what is there takes the parts in", async (t) => {
  const cwd = folder(t);
  const [first, second] = await parts(cwd, [1, 2]);
  const whole = join(cwd, "whole.db");
  assert.equal((await merge(whole, [first])).code, 1);
  const { out } = await merge(whole, [second]);
  assert.match(out, /: 23 of 36 trial rows, /);
});

const V1_PROFILE = "fused/f32/fma/r1";
const V1_DIGEST = "a6d994e2f562a733e24d235de452f1a8cf56b84c957405efd3eeea652d2f4ab3";
const kernel = await loadProfile("fused", V1_PROFILE);

test("shards that an older gmm-sweep wrote merge with one of today's", {
  skip: kernel === null ? `no kernel here gives ${V1_PROFILE}` : false,
}, async (t) => {
  const cwd = folder(t);
  for (const name of ["part1of3.db", "part2of3.db"])
    copyFileSync(fileURLToPath(new URL(`../../test/fixtures/schema-v1/${name}`, import.meta.url)), join(cwd, name));
  const told = await gmm(cwd, "merge", "two.db", "part1of3.db", "part2of3.db");
  assert.deepEqual([told.code, told.err], [1, ""]);
  assert.match(told.out, /shards that are missing or not complete: 3\/3;/);
  const line = /^ {2}gmm-sweep (grid .* --db part3\.db)$/m.exec(told.out)?.[1] ?? "";
  assert.equal((await gmm(cwd, ...line.split(" "), "--quiet")).code, 0);
  const { code, out } = await gmm(cwd, "merge", "whole.db", "part1of3.db", "part3.db", "part2of3.db");
  assert.equal(code, 0, out);
  assert.match(out, new RegExp(`^sweep 1 \\(${V1_PROFILE}\\): 40 of 40 trial rows, digest ${V1_DIGEST}$`, "m"));
});

const FITS_NOT: [
  title: string,
  refused: (t: TestContext) => Promise<[out: string, parts: string[], sentence: RegExp]>,
][] = [
  [
    "OUT among the parts",
    async (t) => {
      const [part] = await parts(folder(t), [1]);
      return [part, [part], /^OUT must be another file than the parts, got \S+part1\.db for both$/];
    },
  ],
  [
    "a part in OUT's place",
    async (t) => {
      const [first, second] = await parts(folder(t), [1, 2]);
      return [
        first,
        [second],
        /^OUT must be a file of its own, but \S+part1\.db is shard 1\/4 of `gmm-sweep grid .*`: name OUT first, then the parts$/,
      ];
    },
  ],
  [
    "shards of two grids",
    async (t) => {
      const [first] = await parts(folder(t), [1]);
      const [second] = await parts(folder(t), [2], { trials: "4" });
      return [
        join(folder(t), "whole.db"),
        [first, second],
        /^the parts must be shards of one grid, but \S+part1\.db is shard 1\/4 of `.*` and \S+part2\.db is shard 2\/4 of `.*`: merge them into files of their own, and then those$/,
      ];
    },
  ],
  [
    "a part that is not there",
    async (t) => [
      join(folder(t), "whole.db"),
      [join(folder(t), "none.db")],
      /^\S+none\.db is not there, nor is any \.db file in its folder: check the path, or train one with gmm-sweep run or grid$/,
    ],
  ],
  [
    "a part that does not match its hashes",
    async (t) => {
      const files = await parts(folder(t), [1, 2]);
      await change(files[1], "update trial_rows set penalty = 0.5 where epochs = 2 returning id");
      return [
        join(folder(t), "whole.db"),
        files,
        /^\S+part2\.db holds of unlearn of λ 0 on draw \d, trial \d something else than what landed, /,
      ];
    },
  ],
  [
    "a part that is no database",
    async (t) => {
      const text = join(folder(t), "notes.txt");
      writeFileSync(text, "not a database, but long enough to look at");
      return [
        join(folder(t), "whole.db"),
        [text],
        /^\S+notes\.txt must be a gmm-sweep database, but is not a SQLite file: /,
      ];
    },
  ],
];

for (const [title, refused] of FITS_NOT) {
  test(`merge refuses ${title}`, async (t) => {
    const [out, files, message] = await refused(t);
    await assert.rejects(merge(out, files), { name: "SweepError", message });
  });
}

const NO_SHARD: [given: string, sentence: string][] = [
  ["3", "--shard must be I/N such as 3/8, got 3"],
  ["0/4", "--shard I/N must be a whole number from 1 to 4, got 0"],
  ["5/4", "--shard I/N must be a whole number from 1 to 4, got 5"],
  ["1/0", "--shard I/N must be a whole number from 1 to 100000, got 0"],
  ["a/b", "--shard must be I/N such as 3/8, got a/b"],
];

for (const [given, sentence] of NO_SHARD) {
  test(`grid refuses --shard ${given}, and writes nothing`, async (t) => {
    const cwd = folder(t);
    const { code, out, err } = await gmm(cwd, "grid", ...SMALL_GRID, "--shard", given);
    assert.deepEqual([code, out, err, readdirSync(cwd)], [2, "", `gmm-sweep: ${sentence}\n`, []]);
  });
}
