/** What `--out`, `--log` and `data export` write: nothing that is not theirs is overwritten, nothing is trained in vain, and no half of a file is left. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import Database from "better-sqlite3";
import { zipSync } from "fflate";
import { dataCommand } from "../src/commands/data.js";
import { gridCommand } from "../src/commands/grid.js";
import { replayCommand } from "../src/commands/replay.js";
import { trainCommand } from "../src/commands/train.js";
import { writeNpy } from "../src/data/npy.js";
import { parameterCount } from "../src/engine/contract.js";
import type { SweepError } from "../src/errors.js";
import { type KeptFile, mustBeFree, mustTakeEvents, type Output, sameFile, writeWhole } from "../src/files/output.js";
import type { Flags } from "../src/plan/flags.js";
import { EventLog } from "../src/report/log.js";
import { readWeights, writeWeights } from "../src/run/weights.js";
import { CLI, folder, gmm, SMALL, spoken } from "./command-line.js";
import { trainedFile } from "./fixtures/grids.js";

const SHAPE = { features: 3, widths: [6, 4] } as const;
const FLAGS: Flags = {
  "data-seed": "0",
  samples: "40",
  features: "3",
  hidden: "6,4",
  engine: "reference",
  epochs: "1",
};
const GRID: Flags = { ...FLAGS, "data-seed": undefined, "data-seeds": "0", trials: "1", workers: "1", quiet: true };

/** Files of every kind that may be in the way, by name. */
function crowded(t: TestContext): string {
  const cwd = folder(t);
  const db = new Database(join(cwd, "night.db"));
  db.exec("create table mine (id)");
  db.close();
  const at = (name: string): string => join(cwd, name);
  writeWeights(at("ours.npz"), SHAPE, new Float64Array(parameterCount(SHAPE)));
  writeFileSync(at("others.npz"), zipSync({ "values.npy": writeNpy([1], Float64Array.of(1)) }));
  writeFileSync(at("cut.npz"), readFileSync(at("ours.npz")).subarray(0, 200));
  writeFileSync(at("empty"), "");
  writeFileSync(at("notes.txt"), "notes\n");
  writeFileSync(at("X.npy"), writeNpy([1], Float64Array.of(1)));
  const log = new EventLog(at("ours.log"), "gmm-sweep grid");
  log.end(0, null);
  log.close();
  writeFileSync(at("others.log"), '{"event":"start","time":"yesterday"}\n');
  mkdirSync(at("folder"));
  symlinkSync(at("nowhere"), at("dangling"));
  linkSync(at("night.db"), at("hard.db"));
  symlinkSync(at("night.db"), at("soft.db"));
  return cwd;
}

/** What is said against `name`; null: nothing. */
function fault(look: () => void, cwd: string): string | null {
  try {
    look();
    return null;
  } catch (error) {
    assert.equal((error as SweepError).fault, "usage");
    return (error as SweepError).message.replaceAll(`${cwd}/`, "");
  }
}

const NEITHER = (name: string, what: string): string =>
  `--o must be a new file or ${what}, got ${name}, which is neither: name another one`;
const THERE = (name: string): string =>
  `--o must be a new file, got ${name}, which is there: name another one, or add --force to overwrite it`;
const WEIGHTS = "weights as gmm-sweep writes them";
const ARRAY = "an array as numpy writes it";
const LOG = "a log as gmm-sweep writes it";
const IN_THE_WAY = ["night.db", "hard.db", "soft.db", "others.npz", "cut.npz", "notes.txt", "others.log"];

test("weights take the place of weights of ours, if that is forced, and of nothing else", (t) => {
  const cwd = crowded(t);
  const said = (name: string, force: boolean): string | null =>
    fault(() => mustBeFree({ option: "--o", path: join(cwd, name), kind: "weights", force }, []), cwd);
  for (const force of [false, true])
    for (const name of [...IN_THE_WAY, "empty", "X.npy", "ours.log"])
      assert.equal(said(name, force), NEITHER(name, WEIGHTS));
  assert.deepEqual([said("ours.npz", false), said("ours.npz", true)], [THERE("ours.npz"), null]);
  assert.deepEqual([said("new.npz", false), said("new.npz", true)], [null, null]);
});

test("an array takes the place of an array, if that is forced, and of nothing else", (t) => {
  const cwd = crowded(t);
  const said = (name: string, force: boolean): string | null =>
    fault(() => mustBeFree({ option: "--o", path: join(cwd, name), kind: "array", force }, []), cwd);
  for (const name of [...IN_THE_WAY, "empty", "ours.npz", "ours.log"])
    assert.equal(said(name, true), NEITHER(name, ARRAY));
  assert.deepEqual([said("X.npy", false), said("X.npy", true)], [THERE("X.npy"), null]);
});

test("events are added to a log of ours, to an empty file, and to nothing else that holds something", (t) => {
  const cwd = crowded(t);
  const said = (name: string): string | null => fault(() => mustTakeEvents("--o", join(cwd, name), []), cwd);
  for (const name of [...IN_THE_WAY, "X.npy", "ours.npz"]) assert.equal(said(name), NEITHER(name, LOG));
  for (const name of ["ours.log", "empty", "new.log"]) assert.equal(said(name), null, name);
  assert.equal(
    fault(() => mustTakeEvents("--o", "/dev/null", []), cwd),
    null,
    "a device holds nothing",
  );
});

const PLACES: [name: string, why: string][] = [
  ["folder", "it is a folder"],
  ["dangling", "it is a link to nothing"],
  ["none/w.npz", "ENOENT: no such file or directory, access 'none'"],
  ["notes.txt/w.npz", "notes.txt is no folder"],
  ["x".repeat(300), `ENAMETOOLONG: name too long, lstat '${"x".repeat(300)}'`],
];

test("a place that cannot be written is told with what is in the way", (t) => {
  const cwd = crowded(t);
  for (const [name, why] of PLACES) {
    const path = join(cwd, name);
    const message = `--o must be a file that can be written, got ${name} (${why})`;
    assert.equal(
      fault(() => mustBeFree({ option: "--o", path, kind: "weights", force: true }, []), cwd)?.replaceAll(cwd, "."),
      message,
    );
    assert.equal(fault(() => mustTakeEvents("--o", path, []), cwd)?.replaceAll(cwd, "."), message);
  }
});

test("a file of the command is told by whatever name, and so is what belongs to a database", (t) => {
  const cwd = crowded(t);
  mkdirSync(join(cwd, "sub"));
  symlinkSync(cwd, join(cwd, "sub", "up"));
  const said = (name: string, kept: readonly KeptFile[]): string | null => {
    const output: Output = { option: "--o", path: join(cwd, name), kind: "weights", force: true };
    const one = fault(() => mustBeFree(output, kept), cwd);
    assert.equal(
      fault(() => mustTakeEvents("--o", output.path, kept), cwd),
      one,
    );
    return one;
  };
  const held: KeptFile[] = [["the database", join(cwd, "night.db")]];
  for (const name of ["night.db", "hard.db", "soft.db", "sub/up/night.db"])
    assert.equal(
      said(name, held),
      `--o must be another file than the database, got ${name} for both: name a file of its own`,
    );
  const coming: KeptFile[] = [["the database", join(cwd, "coming.db")]];
  assert.match(String(said("sub/up/coming.db", coming)), /another file than the database/);
  for (const end of [".lock", "-wal", "-shm", "-journal"]) {
    for (const [name, kept] of [
      ["night.db", []],
      ["hard.db", held],
      ["coming.db", coming],
    ] as const)
      assert.equal(
        said(`${name}${end}`, kept),
        `--o must be no file that belongs to the database ${name}, got ${name}${end}: name a file of its own`,
      );
    assert.equal(said(`notes.txt${end}`, []), null, "notes.txt is no database");
  }
});

test("two names are one file where their places are, or will be", (t) => {
  const cwd = crowded(t);
  const at = (name: string): string => join(cwd, name);
  assert.ok(sameFile(at("night.db"), at("hard.db")) && sameFile(at("soft.db"), at("hard.db")));
  assert.ok(sameFile(at("new"), `${cwd}/folder/../new`));
  assert.ok(
    !sameFile(at("new"), at("night.db")) &&
      !sameFile(at("new"), at("other")) &&
      !sameFile(at("empty"), at("notes.txt")),
  );
});

test("files are written whole, in the place of a link's file, or none of them is", (t) => {
  const cwd = crowded(t);
  const bytes = Buffer.from("new");
  symlinkSync(join(cwd, "notes.txt"), join(cwd, "link"));
  writeWhole([
    [join(cwd, "one"), bytes],
    [join(cwd, "link"), bytes],
  ]);
  assert.deepEqual(
    ["one", "notes.txt"].map((name) => readFileSync(join(cwd, name), "utf8")),
    ["new", "new"],
  );
  const before = readdirSync(cwd);
  assert.throws(
    () =>
      writeWhole([
        [join(cwd, "two"), bytes],
        [join(cwd, "none", "three"), bytes],
      ]),
    { code: "ENOENT" },
  );
  assert.deepEqual(readdirSync(cwd), before);
});

const CUTTING = process.platform === "win32" && "no limit of a file's size here";

test("a disk that is full leaves no half of a file, and the one that was there as it was", { skip: CUTTING }, (t) => {
  const cwd = crowded(t);
  const [before, names] = [readFileSync(join(cwd, "ours.npz")), readdirSync(cwd)];
  for (const out of ["ours.npz", "new.npz"]) {
    const words = [CLI, "train", ...SMALL, "--epochs", "1", "--out", out, "--force"];
    assert.throws(
      () =>
        execFileSync("bash", ["-c", 'ulimit -f 1 && exec "$0" "$@"', process.execPath, ...words], {
          cwd,
          stdio: "pipe",
        }),
      ({ stderr, status }: { stderr: Buffer; status: number }) =>
        status === 3 &&
        String(stderr) ===
          `gmm-sweep: --out must be a file that can be written, got ${out} (EFBIG: file too large, write)\n`,
    );
    assert.deepEqual(readdirSync(cwd), names);
  }
  assert.deepEqual(readFileSync(join(cwd, "ours.npz")), before);
});

test("train looks at --out before it trains, writes it new, and again only with --force", async (t) => {
  const cwd = folder(t);
  const out = join(cwd, "w.npz");
  // Weights to start from are read before anything is trained, and --out is looked at before that.
  const init = join(cwd, "none.npz");
  await assert.rejects(spoken(trainCommand, { ...FLAGS, init }), { message: /^--init must be / });
  await assert.rejects(spoken(trainCommand, { ...FLAGS, init, out: join(cwd, "none/w.npz") }), {
    fault: "usage",
    message: `--out must be a file that can be written, got ${cwd}/none/w.npz (ENOENT: no such file or directory, access '${cwd}/none')`,
  });
  await spoken(trainCommand, { ...FLAGS, out });
  const first = readFileSync(out);
  await assert.rejects(spoken(trainCommand, { ...FLAGS, init, out }), {
    message: `--out must be a new file, got ${out}, which is there: name another one, or add --force to overwrite it`,
  });
  await spoken(trainCommand, { ...FLAGS, epochs: "2", out, force: true });
  assert.notDeepEqual(readFileSync(out), first);
  assert.ok(readWeights(out, SHAPE).every(Number.isFinite));
  assert.deepEqual(readdirSync(cwd), ["w.npz"]);
});

test("a file that came while train was training is kept", async (t) => {
  const out = join(folder(t), "w.npz");
  const training = spoken(trainCommand, { ...FLAGS, out });
  writeFileSync(out, "another's"); // it waits for its engine, and has looked
  await assert.rejects(training, {
    fault: "usage",
    message: / must be a new file or weights as gmm-sweep writes them, /,
  });
  assert.equal(readFileSync(out, "utf8"), "another's");
});

test("--force without --out is refused", async () => {
  await assert.rejects(spoken(trainCommand, { ...FLAGS, force: true }), {
    fault: "usage",
    message: "--force must be given with --out, which it is about, got it alone: leave it out",
  });
});

test("replay writes over weights with --force alone, and over the database never", async (t) => {
  const file = await trainedFile(t, GRID);
  const cwd = folder(t);
  const out = join(cwd, "w.npz");
  const replay = (flags: Flags): Promise<{ code: number }> =>
    spoken(replayCommand, { file, method: "original", ...flags });
  assert.equal((await replay({ out })).code, 0);
  await assert.rejects(replay({ out }), {
    message: / which is there: name another one, or add --force to overwrite it$/,
  });
  assert.equal((await replay({ out, force: true })).code, 0);
  const taken = join(cwd, "taken.npz");
  const replaying = replay({ out: taken });
  writeFileSync(taken, "another's"); // it waits for its file, and has looked
  await assert.rejects(replaying, { message: / which is neither: name another one$/ });
  assert.equal(readFileSync(taken, "utf8"), "another's");
  linkSync(file, join(cwd, "hard.db"));
  for (const name of [file, join(cwd, "hard.db"), `${file}.lock`, `${file}-wal`])
    await assert.rejects(replay({ out: name, force: true }), {
      fault: "usage",
      message: /^--out must be (another file than the database|no file that belongs to the database)/,
    });
  assert.deepEqual(readdirSync(cwd), ["hard.db", "taken.npz", "w.npz"]);
});

test("a grid's --log is no file but a log, and goes on in one", async (t) => {
  const cwd = crowded(t);
  const [db, log] = [join(cwd, "new.db"), join(cwd, "ours.log")];
  const names = readdirSync(cwd);
  for (const name of ["night.db", "notes.txt", "new.db", "new.db.lock", "new.db-shm", "night.db-wal"])
    await assert.rejects(spoken(gridCommand, { ...GRID, db, log: join(cwd, name) }), {
      fault: "usage",
      message: /^--log must be /,
    });
  assert.deepEqual(readdirSync(cwd), names);
  const before = readFileSync(log, "utf8");
  assert.equal((await spoken(gridCommand, { ...GRID, db, log })).code, 0);
  const after = readFileSync(log, "utf8");
  assert.ok(after.startsWith(before) && after.length > before.length);
});

const SIZES = { "data-seed": "5", samples: "8", features: "2", "forget-rows": "2" };
const NAMES = ["X.npy", "X_forget.npy", "X_test.npy", "Y.npy", "Y_forget.npy", "Y_test.npy"];

test("data export writes into a folder beside what is there, and over arrays with --force alone", async (t) => {
  const dir = folder(t);
  const exported = (flags: Flags = {}): Promise<{ code: number }> =>
    spoken(dataCommand, { export: "export", dir, ...SIZES, ...flags });
  writeFileSync(join(dir, "notes.txt"), "notes\n");
  assert.equal((await exported()).code, 0);
  assert.deepEqual(readdirSync(dir).toSorted(), [...NAMES, "notes.txt"]);
  const first = readFileSync(join(dir, "X.npy"));
  await assert.rejects(exported({ "data-seed": "6" }), {
    fault: "usage",
    message: `each file in DIR must be a new file, got ${dir}/X.npy, which is there: name another one, or add --force to overwrite it`,
  });
  assert.deepEqual(readFileSync(join(dir, "X.npy")), first);
  assert.equal((await exported({ "data-seed": "6", force: true })).code, 0);
  assert.notDeepEqual(readFileSync(join(dir, "X.npy")), first);
  assert.deepEqual(readdirSync(dir).toSorted(), [...NAMES, "notes.txt"]);
});

test("data export writes nothing where one of its names is something else, or the forget rows have their old name", async (t) => {
  const dir = folder(t);
  const exported = (): Promise<unknown> => spoken(dataCommand, { export: "export", dir, ...SIZES, force: true });
  copyFileSync(join(crowded(t), "night.db"), join(dir, "Y_test.npy"));
  await assert.rejects(exported(), {
    message: `each file in DIR must be a new file or ${ARRAY}, got ${dir}/Y_test.npy, which is neither: name another one`,
  });
  assert.deepEqual(readdirSync(dir), ["Y_test.npy"]);
  rmSync(join(dir, "Y_test.npy"));
  writeFileSync(join(dir, "x.npy"), writeNpy([1, 2], Float64Array.of(1, 2)));
  writeFileSync(join(dir, "X.npy"), "");
  await assert.rejects(exported(), {
    message: `DIR must be a folder without x.npy, as the forget rows were called before, got one in ${dir}: remove it, or name another folder`,
  });
  assert.deepEqual(readdirSync(dir), ["X.npy", "x.npy"]);
});

test("data export --force is an option of the command line", async (t) => {
  const cwd = folder(t);
  const words = ["data", "export", "draw", "--samples", "8", "--force"];
  assert.equal((await gmm(cwd, ...words)).code, 0);
  assert.equal((await gmm(cwd, ...words)).code, 0);
  assert.ok(existsSync(join(cwd, "draw", "Y_forget.npy")) && statSync(join(cwd, "draw", "Y_forget.npy")).isFile());
});
