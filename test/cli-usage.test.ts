/** The command line as such: help, and what a mistake in it leads to: one sentence on stderr, exit code 2, nothing written. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { METHOD_NAMES } from "../src/methods.js";
import { folder, gmm, TINY } from "./command-line.js";

const DRAW = ["data-seed", "samples", "features", "forget-rows"];
const TRAINING = ["preset", ...DRAW, "data", "hidden", "learning-rate", "seed", "engine", "precision"];
const OPTIONS: Record<string, readonly string[]> = {
  "": ["workers", "trials", "methods", "epochs", "lambda", ...TRAINING, "db", "retry-failed", "json", "quiet"],
  run: ["workers", "trials", "methods", "epochs", "lambda", ...TRAINING, "db", "retry-failed", "json", "quiet"],
  query: ["format", "db"],
  show: ["sweep", "db"],
  train: ["method", "lambda", "epochs", "trial", ...TRAINING, "init", "out", "json"],
  "data export": DRAW,
  doctor: ["json"],
};

// Each test waits for a process of its own: two at a time use both cores.
describe("help", { concurrency: 2 }, () => {
  for (const [command, options] of Object.entries(OPTIONS)) {
    test(`help of ${command === "" ? "gmm-sweep" : command} lists each option and exits 0`, async (t) => {
      const { code, out, err } = await gmm(folder(t), ...command.split(" ").filter((word) => word !== ""), "--help");
      assert.deepEqual([code, err], [0, ""]);
      const [, list] = /Options:\n((?:.+\n)*)/.exec(out) ?? [];
      const listed = [...list.matchAll(/^ +(?:-\w, +)?--([\w-]+)/gm)].map(([, name]) => name);
      assert.deepEqual(listed.sort(), ["help", "version", ...options].sort());
      for (const line of out.split("\n")) assert.ok(line.length <= 110, line);
    });
  }

  test("help of gmm-sweep lists the commands", async (t) => {
    const { out } = await gmm(folder(t), "-h");
    for (const command of ["run", "query <sql>", "show <method> <trial>", "train", "data export <dir>", "doctor"])
      assert.ok(out.includes(`gmm-sweep ${command} `), command);
  });

  test("the version is the package's", async (t) => {
    const { code, out } = await gmm(folder(t), "--version");
    assert.equal(code, 0);
    assert.match(out, /^\d+\.\d+\.\d+\n$/);
  });
});

const LISTS = ": gmm-sweep --help lists what there is";

/** Command lines, and what is said of them: a text exactly, a pattern where the words are partly yargs'. */
const REFUSED: [line: string, said: string | RegExp][] = [
  ["--trials 0", "--trials must be a whole number from 1 to 1000000, got 0"],
  ["--trials", "--trials must have a value, got none: write --trials VALUE or leave it out"],
  ["--trials 1 --trials 2", "--trials must be given once, got it 2 times: keep one"],
  ["--lambda=-1", "--lambda must be a number from 0 up, got -1"],
  ["--workers 2.5", "--workers must be a whole number from 1 to 1024, got 2.5"],
  [
    "--data there --samples 10",
    "--samples must not be given with --data, whose files decide it, got 10: leave one of the two out",
  ],
  ["--db=", "--db must have a value, got none: write --db VALUE or leave it out"],
  ["--trial 3", `there is no option or command trial${LISTS}`],
  ["swep", `there is no option or command swep${LISTS}`],
  ["run extra", `there is no option or command extra${LISTS}`],
  ["show original", /^gmm-sweep: [^\n]+: gmm-sweep --help lists what there is\n$/],
  ["query", /^gmm-sweep: [^\n]+: gmm-sweep --help lists what there is\n$/],
  ["query selectnone --format xml", "--format must be one of table, csv, json, got xml"],
  [
    "query selectnone",
    "data/gmm-sweep.db cannot be opened as a database file: check the path, or name another file with --db",
  ],
  ["train --method unlern", `--method must be one of ${METHOD_NAMES.join(", ")}, got unlern`],
  ["train --trials 3", `there is no option or command trials${LISTS}`],
  ["data import draw --samples 4", /^gmm-sweep: [^\n]*import[^\n]*\n$/],
  [
    "--json=maybe --samples 4 --trials 1 --methods original --epochs original=1",
    /^gmm-sweep: [^\n]*--json[^\n]* got maybe[^\n]*\n$/,
  ],
];

describe("refused", { concurrency: 2 }, () => {
  for (const [line, said] of REFUSED) {
    test(`refused with one sentence, exit code 2 and nothing written: gmm-sweep ${line}`, async (t) => {
      const cwd = folder(t);
      const { code, out, err } = await gmm(cwd, ...line.split(" "));
      assert.deepEqual([code, out], [2, ""]);
      if (typeof said === "string") assert.equal(err, `gmm-sweep: ${said}\n`);
      else assert.match(err, said);
      assert.deepEqual(readdirSync(cwd), []);
    });
  }
});

test("there is no escape code in a pipe, whatever a command prints", async (t) => {
  const cwd = folder(t);
  const runs = [
    [...TINY, "--trials", "2"],
    ["--help"],
    ["query", "select * from method_summary"],
    ["show", "original", "1"],
    ["train", "--samples", "20", "--epochs", "2"],
    ["doctor"],
    ["nonsense"],
  ];
  for (const args of runs) {
    const { out, err } = await gmm(cwd, ...args);
    assert.ok(!`${out}${err}`.includes("\x1b"), args.join(" "));
  }
});
