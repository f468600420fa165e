/** The command line as such: help, and what a mistake in it leads to: one sentence on stderr, exit code 2, nothing written. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { nameOf } from "../src/commands/arguments.js";
import type { Command } from "../src/commands/command.js";
import { gridCommand } from "../src/commands/grid.js";
import { kindOf } from "../src/commands/kinds.js";
import { allCommands } from "../src/commands/program.js";
import { queryCommand } from "../src/commands/query.js";
import type { Flags } from "../src/plan/flags.js";
import { METHOD_NAMES } from "../src/plan/methods.js";
import { CLI, type Ended, folder, gmm, programmed, spoken, start, started, TINY } from "./command-line.js";
import { SMALL_GRID } from "./fixtures/grids.js";

const DRAW = ["data-seed", "samples", "features", "forget-rows"];
const TRAINING = [
  "method-file",
  "preset",
  ...DRAW,
  "data",
  "forget-label",
  "hidden",
  "learning-rate",
  "seed",
  "engine",
  "precision",
];
const RUN = [
  "workers",
  "trials",
  "methods",
  "epochs",
  "lambda",
  ...TRAINING,
  "db",
  "store",
  "log",
  "retry-failed",
  "json",
  "quiet",
  "lock-wait",
  ...["chunk-seconds", "detach"],
  ...["with-null", "estimand", "margin"],
];
const NARROWING = [
  ...["lambda", "preset", "draw", "samples", "features", "forget-rows", "hidden", "learning-rate", "seed", "start"],
  "profile",
];
const OPTIONS: Record<string, readonly string[]> = {
  "": RUN,
  run: RUN,
  resume: [
    "workers",
    "sweep",
    "trials",
    "data-seeds",
    "with-null",
    "data",
    "db",
    "store",
    "log",
    "retry-failed",
    "quiet",
    "json",
    "lock-wait",
    ...["chunk-seconds", "detach"],
  ],
  worker: [...["store", "workers", "sweep", "data", "idle-exit", "grace", "allow-mixed", "quiet", "lock-wait"]],
  grid: [
    ...[
      "workers",
      "trials",
      "methods",
      "lambda",
      "epochs",
      "preset",
      "data-seeds",
      "samples",
      "features",
      "forget-rows",
    ],
    ...[
      "data",
      "forget-label",
      "hidden",
      "learning-rate",
      "seed",
      "engine",
      "precision",
      "name",
      "record",
      "grow",
      "shard",
      "db",
      "store",
    ],
    ...["with-null", "estimand", "margin", "until"],
    ...["method-file", "dry-run", "log", "retry-failed", "quiet", "json", "lock-wait", "chunk-seconds", "detach"],
  ],
  status: ["sweep", "db", "store", "json"],
  digest: ["sweep", "db", "store", "json"],
  verify: ["sample", "seed", "data", "sweep", "db", "store", "json"],
  replay: ["method", "trial", "epoch", "sweep", ...NARROWING, "data", "out", "force", "db", "store", "json"],
  query: ["format", "json", "db", "store"],
  export: ["format", "sweep", "db", "store", "force", "quiet", "json"],
  show: ["sweep", ...NARROWING, "db", "store", "plot", "json"],
  merge: ["lock-wait", "json"],
  pull: ["store", "sweep", "quiet", "lock-wait", "json"],
  push: ["store", "sweep", "quiet", "lock-wait", "json"],
  backup: ["db", "store", "quiet", "json"],
  train: ["method", "lambda", "epochs", "trial", ...TRAINING, "init", "out", "force", "json"],
  "data export": [...DRAW, "force"],
  doctor: ["json"],
};

async function helpOf(command: Command, columns: number): Promise<string> {
  return (await programmed(columns, ...nameOf(command).split(" "), "--help")).out;
}

describe("help", () => {
  for (const [command, options] of Object.entries(OPTIONS)) {
    test(`help of ${command === "" ? "gmm-sweep" : command} lists each option and exits 0`, async () => {
      const { code, out, err } = await programmed(null, ...command.split(" ").filter((word) => word !== ""), "--help");
      assert.deepEqual([code, err], [0, ""]);
      const [, list] = /Options:\n((?:.+\n)*)/.exec(out) ?? [];
      const listed = [...list.matchAll(/^ +(?:-\w, +)?--([\w-]+)/gm)].map(([, name]) => name);
      assert.deepEqual(listed.sort(), ["help", "version", ...options].sort());
    });
  }

  for (const columns of [40, 80, 120]) {
    test(`help fits a terminal of ${columns} columns, and breaks no word`, async () => {
      const wide = (await Promise.all(COMMANDS.map((command) => helpOf(command, 10_000)))).join("\n");
      const words = new Set(wide.split(/\s+/));
      for (const command of COMMANDS) {
        for (const line of (await helpOf(command, columns)).split("\n")) {
          const [word, ...more] = line.trim().split(/\s+/);
          assert.ok(line.length <= columns || more.length === 0, line);
          for (const one of [word, ...more]) assert.ok(words.has(one) || one === "\\", `${one} in ${line}`);
        }
      }
    });
  }

  test("help is as wide as the terminal, as COLUMNS says in a pipe, and 80 columns where nobody says anything", async (t) => {
    const widest = (out: string): number => Math.max(...out.split("\n").map(({ length }) => length));
    for (const [columns, most] of [
      ["60", 60],
      ["100", 100],
      ["", 80],
      ["wide", 80],
    ] as const) {
      const env = { ...process.env, COLUMNS: columns };
      const child = spawn(process.execPath, [CLI, "grid", "-h"], { cwd: folder(t), env, stdio: "pipe" });
      const { out } = await started(child).ended;
      assert.ok(widest(out) <= most && widest(out) > most - 10, `${widest(out)} of ${most}`);
    }
  });

  test("each option and argument says of what kind it is, and its default once", async () => {
    for (const command of COMMANDS) {
      const out = await helpOf(command, 80);
      for (const [name, option] of Object.entries(command.options)) {
        const kind = kindOf(name, option);
        assert.equal(kind === null, option.type === "boolean", `${nameOf(command)} --${name}`);
        assert.match(out, new RegExp(`^  --${name}${kind === null ? "" : ` ${kind}`}(  |$)`, "m"));
        if (option.type === "string" && option.fallback !== null)
          assert.ok(!option.describe.includes("default"), option.describe);
      }
      for (const name of Object.keys(command.positionals)) assert.notEqual(kindOf(name, null), null, name);
    }
  });

  test("help of gmm-sweep lists the commands", async () => {
    const { out } = await programmed(null, "-h");
    assert.equal((await programmed(null, "help")).out, out);
    for (const command of [
      "grid [FILE]",
      "query SQL [FILE]",
      "show METHOD TRIAL [FILE]",
      "data export DIR",
      "backup FILES...",
      "doctor",
    ])
      assert.ok(out.includes(`\n  ${command} `), command);
  });

  test("help COMMAND prints what COMMAND --help does", async () => {
    assert.deepEqual(await programmed(null, "help", "data", "export"), await programmed(null, "data", "export", "-h"));
  });

  test("the version is the package's", async (t) => {
    const { code, out } = await gmm(folder(t), "--version");
    assert.equal(code, 0);
    assert.match(out, /^\d+\.\d+\.\d+\n$/);
  });
});

/** What the words of a command line lead to, before any command reads its flags: said in this process, so that nothing is written is plain. */
const NOT_UNDERSTOOD: [line: string, said: string][] = [
  ["--trials", "--trials must have a value, got none: write --trials NUMBER or leave it out"],
  ["--trials --json", "--trials must have a value, got none: write --trials NUMBER or leave it out"],
  ["--db=", "--db must have a value, got none: write --db FILE or leave it out"],
  ["grid --lambda", "--lambda must have a value, got none: write --lambda NUMBERS or leave it out"],
  ["grid --shard", "--shard must have a value, got none: write --shard I/N or leave it out"],
  ["--trial 3", "run has no option --trial: did you mean --trials"],
  ["train --trials 3", "train has no option --trials: did you mean --trial"],
  ["grid --learning_rate 3", "grid has no option --learning_rate: did you mean --learning-rate"],
  ["grid --Epohcs 3", "grid has no option --Epohcs: did you mean --epochs"],
  ["grid --work 3", "grid has no option --work: did you mean --workers"],
  ["--no-json", "run has no option --no-json: gmm-sweep run --help lists those there are"],
  ["run --constructor", "there is no option --constructor: gmm-sweep --help lists those there are"],
  ["query --__proto__=3", "there is no option --__proto__: gmm-sweep --help lists those there are"],
  ["status --x", "status has no option --x: gmm-sweep status --help lists those there are"],
  ["status --db a.db -xy", "status has no option -x: gmm-sweep status --help lists those there are"],
  ["grid --dry-run false", "--dry-run must stand alone, got false: write --dry-run or leave it out"],
  ["run --lambda -1e3", "--lambda must be a number from 0 up, got -1e3"],
  ["run --hidden -8,4", "--hidden must be a whole number from 1 to 256, got -8"],
  ["--bogus status a.db", "no command has an option --bogus: gmm-sweep --help lists those there are"],
  ["-b status a.db", "no command has an option -b: gmm-sweep --help lists those there are"],
  ["--get-yargs-completions", "there is no option --get-yargs-completions: gmm-sweep --help lists those there are"],
  ["status --$0=a", "there is no option --$0: gmm-sweep --help lists those there are"],
  ["status -_ a", "there is no option -_: gmm-sweep --help lists those there are"],
  ["status -x", "status has no option -x: gmm-sweep status --help lists those there are"],
  ["doctor --fix", "doctor has no option --fix: gmm-sweep doctor --help lists those there are"],
  ["a.db status", "the command must come first, got a.db before status: write gmm-sweep status …"],
  [
    "report a.db -o -",
    "--out must be a file, got -, which elsewhere stands for standard output: write a name, ./- for that one",
  ],
  ["run --lambda 1e-400", "--lambda must be a number from 0 up, got 1e-400"],
  ["swep", "there is no command swep: gmm-sweep --help lists those there are"],
  ["staus a.db", "there is no command staus: did you mean status"],
  ["data", "there is no command data: did you mean data export"],
  ["data import draw", "there is no command data import: did you mean data export"],
  ["night.db", "there is no command night.db: write gmm-sweep run night.db"],
  ["my\tnight.yaml --trials 3", "there is no command my\\tnight.yaml: write gmm-sweep grid 'my\\tnight.yaml'"],
  ["help me", "there is no command me: gmm-sweep --help lists those there are"],
  [
    "run extra",
    "run takes no other word than the name of a database file, which ends in .db, got extra: leave it out, or write --db extra",
  ],
  ["train here", "train takes no more words, got here: leave it out"],
  ["grid one.yaml two.yaml", "FILE must be given once, got one.yaml and two.yaml: keep one"],
  ["grid one.db two.db", "DATABASE must be given once, got one.db and two.db: keep one"],
  ["status one two", "FILE must be given once, got one and two: keep one"],
  ["status --file one --file two", "FILE must be given once, got one and two: keep one"],
  ["show original relearn 3", "METHOD must be given once, got original and relearn: keep one"],
  ["show original --method relearn 3", "METHOD must be given once, got relearn and original: keep one"],
  [
    "show original",
    "TRIAL must be given, its number, from 1; bare or by --trial, got none: write it as in gmm-sweep show original 1",
  ],
  [
    "show 3",
    `METHOD must be given, one of ${METHOD_NAMES.join(", ")}, or of one's own; bare or by --method, got none: write it as in gmm-sweep show original 1`,
  ],
  ["show original one", "TRIAL must be a whole number from 1 up to 2^53 − 1, got one"],
  [
    "query",
    `SQL must be given, ${queryCommand.positionals["sql"]}, got none: write it as in gmm-sweep query "select * from method_summary"`,
  ],
  [
    "query night.db",
    'SQL must be given, the select; data/docs/columns.md lists the views and their columns, got none: write it as in gmm-sweep query "select * from method_summary"',
  ],
  ["query select one.db two.db", "FILE must be given once, got one.db and two.db: keep one"],
  ["diff a.db b.db c.db", "diff takes FIRST and SECOND and no more words, got c.db: leave it out"],
  ["diff a.db", "SECOND must be given, another, got none: write it as in gmm-sweep diff here.db there.db"],
  [
    "merge whole.db",
    "PARTS must be given, the files of the shards, got none: write it as in gmm-sweep merge whole.db part1.db part2.db part3.db",
  ],
  ["--help=3", "--help must stand alone, got 3: write --help or leave it out"],
  ["grid --dry-run=yes", "--dry-run must stand alone, got yes: write --dry-run or leave it out"],
  ["-- --samples 4", "options must stand without a -- before them, got one: leave it out"],
  ["status -- part1.db", "options must stand without a -- before them, got one: leave it out"],
  [
    "--db ~someone/x.db",
    "--db must be a path without another user's home folder, got ~someone/x.db: write the whole path, or ./~someone/x.db if the name begins so",
  ],
  [
    "status ~someone/x.db",
    "FILE must be a path without another user's home folder, got ~someone/x.db: write the whole path, or ./~someone/x.db if the name begins so",
  ],
];

for (const [line, said] of NOT_UNDERSTOOD) {
  test(`not understood, and said in one sentence of ours: gmm-sweep ${line}`, async () => {
    await assert.rejects(programmed(null, ...line.split(" ")), { name: "SweepError", fault: "usage", message: said });
  });
}

/** Command lines, and what is said of them. */
const REFUSED: [line: string, said: string | RegExp][] = [
  ["--trials 0", "--trials must be a whole number from 1 to 1000000, got 0"],
  ["--trials 1 --trials 2", "--trials must be given once, got it 2 times: keep one"],
  ["--lambda=-1", "--lambda must be a number from 0 up, got -1"],
  ["--workers 2.5", "--workers must be a whole number from 1 to 1024, got 2.5"],
  [
    "--data there --samples 10",
    "--samples must not be given with --data, whose files decide it, got 10: leave one of the two out",
  ],
  ["query selectnone --format xml", "--format must be one of table, csv, json, got xml"],
  [
    "query selectnone --json --format csv",
    "--format must be json where --json is given, got csv: leave one of the two out",
  ],
  ["grid --name two\nlines", "--name must be up to 64 letters, digits, dots, dashes and underscores, got two\\nlines"],
  ["grid /dev/zero", "FILE must be a sweep file, but /dev/zero cannot be read (it has more than 67108864 bytes)"],
  [
    "--method-file /dev/zero",
    "--method-file must be a method file, but /dev/zero cannot be read (it has more than 67108864 bytes)",
  ],
  [
    "train --init /dev/zero",
    "--init must be a .npz file as numpy.savez writes it, but /dev/zero cannot be read (it has more than 16777216 bytes)",
  ],
  ["query selectnone --format jsno", "--format must be one of table, csv, json, got jsno: did you mean json"],
  ["train --method unlern", `--method must be one of ${METHOD_NAMES.join(", ")}, got unlern: did you mean unlearn`],
  ["grid --data-seed no", "--data-seeds must be a whole number from 0 up to 2^53 − 1, got no"],
  ["grid --shard=9/8", "--shard I/N must be a whole number from 1 to 8, got 9"],
  ["status --file=", "FILE must be the name of a database file, got an empty one"],
  [
    "status a.db --db b.db",
    "FILE must not be given with --db, which names the file too, got a.db and b.db: leave one of them out",
  ],
  [
    "run a.db --db b.db",
    "DATABASE must not be given with --db, which names the file too, got a.db and b.db: leave one of them out",
  ],
  ["grid --lambda 0..4 --dry-run", "--lambda must be a number, FROM:TO or FROM:TO:STEP, got 0..4: write 0:4"],
  ["grid --data-seeds 1-12", "--data-seeds must be a number, FROM:TO or FROM:TO:STEP, got 1-12: write 1:12"],
  ["grid --draws 12", "grid has no option --draws: did you mean --data-seeds"],
  [
    "query selectnone",
    "data/gmm-sweep.db is not there, nor is any .db file in its folder: check the path, or train one with gmm-sweep run or grid",
  ],
  [
    "resume none.db",
    "none.db is not there, nor is any .db file in its folder: check the path, or train one with gmm-sweep run or grid",
  ],
  ["resume --sweep=0 none.db", /^gmm-sweep: [^\n]+\n$/],
  ["--db :memory:", "--db must be a file, since results in memory would be lost, got :memory:"],
  ["merge :memory: part1.db", "OUT must be a file, got :memory:"],
  [
    "diff :memory: part1.db",
    ":memory: cannot be opened as a database file: check the path, or name another file with --db",
  ],
  ["verify --sample none", "--sample must be a whole number from 0 to 1000000, got none"],
  ["replay none.db --epoch 0", "--epoch must be a whole number from 1 up to 2^53 − 1, got 0"],
  [
    "--json=maybe --samples 4 --trials 1 --methods original --epochs original=1",
    /^gmm-sweep: [^\n]*--json[^\n]* got maybe[^\n]*\n$/,
  ],
];

/** What `grid` says of its flags; the rest of a grid is as small as it can be. */
const REFUSED_GRIDS: [flags: Flags, said: string][] = [
  [{ trials: "0" }, "--trials must be a whole number from 1 to 1000000, got 0"],
  [{ trials: "1e2" }, "--trials must be a whole number from 1 to 1000000, got 1e2"],
  [{ trials: ["1", "2"] }, "--trials must be given once, got it 2 times: keep one"],
  [{ workers: "0" }, "--workers must be a whole number from 1 to 1024, got 0"],
  [{ workers: "all" }, "--workers must be a whole number from 1 to 1024, got all"],
  [{ lambda: "-1" }, "--lambda must be a number from 0 up, got -1"],
  [{ lambda: "0:1:0.3" }, "--lambda must be a range whose steps meet its end, got 0:1:0.3: write 0:0.9:0.3"],
  [{ lambda: "10:0" }, "--lambda must be a range that goes up, got 10:0: write 0:10"],
  [{ lambda: "0:1:0" }, "--lambda must have a step above 0, got 0:1:0"],
  [{ lambda: "0:1:2:3" }, "--lambda must be a number, FROM:TO or FROM:TO:STEP, got 0:1:2:3"],
  [{ lambda: "0:1000000:0.1" }, "--lambda must be at most 1000000 values, got 10000001 in 0:1000000:0.1"],
  [{ lambda: "0,1,0" }, "--lambda unlearn must have each value once, got 0 twice: leave one out"],
  [
    { lambda: "1,,2" },
    "--lambda must be values separated by commas, got an empty one: remove the extra comma or leave --lambda out",
  ],
  [
    { lambda: "unlern=1" },
    `--lambda METHOD=VALUE must be one of ${METHOD_NAMES.join(", ")}, got unlern: did you mean unlearn`,
  ],
  [{ epochs: "0:5" }, "--epochs 0:5 must be a whole number from 1 to 1000000, got 0"],
  [{ epochs: "1:5,3" }, "--epochs unlearn must have each value once, got 3 twice: leave one out"],
  [{ epochs: "original=" }, "--epochs METHOD=VALUE must have a value, got original=: write original=5 or leave it out"],
  [{ preset: "both" }, "--preset must be one of notebook, paired, got both"],
  [{ methods: "unlearn,unlearn" }, "--methods must name each method once, got unlearn twice: leave one out"],
  [{ "data-seeds": "1:3,2" }, "--data-seeds must have each value once, got 2 twice: leave one out"],
  [{ samples: "101" }, "--samples must be even, since both classes have half of them, got 101: try 102"],
  [{ features: "257" }, "--features must be a whole number from 1 to 256, got 257"],
  [{ "forget-rows": "0" }, "--forget-rows must be a whole number from 1 to 10000, got 0"],
  [{ hidden: "64" }, "--hidden must be two widths such as 64,32, got 64"],
  [{ hidden: ["6,4", "6,4"] }, "--hidden must have each value once, got 6,4 twice: leave one out"],
  [{ "learning-rate": "0.1,0" }, "--learning-rate must be a number above 0, got 0"],
  [{ seed: "-1" }, "--seed must be a whole number from 0 up to 2^53 − 1, got -1"],
  [{ engine: "torch" }, "--engine must be one of fused, reference, tfjs, tfjs-node, got torch"],
  [{ engine: "reference", precision: "f32" }, "--precision of engine reference must be one of f64, got f32"],
  [{ name: "my sweep" }, "--name must be up to 64 letters, digits, dots, dashes and underscores, got my sweep"],
  [{ record: "some" }, "--record must be one of final, asked, all, got some"],
  [
    { methods: "relearn", record: "final" },
    "--record must be all where relearn is trained, whose curve says when x is learned again, got final: leave one of the two out",
  ],
  [{ shard: "3" }, "--shard must be I/N such as 3/8, got 3"],
  [{ shard: "0/8" }, "--shard I/N must be a whole number from 1 to 8, got 0"],
  [{ shard: "9/8" }, "--shard I/N must be a whole number from 1 to 8, got 9"],
  [{ log: "" }, "--log must have a value, got none: write --log VALUE or leave it out"],
  [
    { data: "none" },
    "--data must be a folder with X.npy, Y.npy, X_forget.npy and Y_forget.npy, but X.npy in none cannot be read (ENOENT: no such file or directory, open 'none/X.npy')",
  ],
  [
    { data: "none", "data-seeds": "1:3" },
    "--data-seeds must not be given with --data, whose files decide it, got 1:3: leave one of the two out",
  ],
  [
    { file: "none.yaml" },
    "FILE must be a sweep file, but none.yaml is not there, nor is any .yaml file in its folder: check the path",
  ],
];

for (const [flags, said] of REFUSED_GRIDS) {
  test(`grid refuses ${JSON.stringify(flags)} in one sentence, dry or not, and writes nothing`, async (t) => {
    const cwd = folder(t);
    for (const dry of [undefined, true]) {
      const asked = spoken(gridCommand, { db: join(cwd, "sweep.db"), "dry-run": dry, ...flags });
      await assert.rejects(asked, { name: "SweepError", fault: "usage", message: said });
    }
    assert.deepEqual(readdirSync(cwd), []);
  });
}

describe("refused", () => {
  for (const [i, [line, said]] of REFUSED.entries()) {
    test(`refused with one sentence, exit code 2 and nothing written: gmm-sweep ${line}`, async (t) => {
      const cwd = folder(t);
      // The first as a shell does it, too: all go by the same edge.
      const run = i === 0 ? start(cwd, ...line.split(" ")).ended : gmm(cwd, ...line.split(" "));
      const { code, out, err } = await run;
      assert.deepEqual([code, out], [2, ""]);
      if (typeof said === "string") assert.equal(err, `gmm-sweep: ${said}\n`);
      else assert.match(err, said);
      assert.deepEqual(readdirSync(cwd), []);
    });
  }
});

test("a file that is not there: the nearest names in its folder are said, the nearest first, as a shell reads them", async (t) => {
  const cwd = folder(t);
  for (const name of [
    "a night.db",
    "nigth.db",
    "night2.db",
    "day.db",
    "year-1999.db",
    "x.sqlite",
    "night.yaml",
    "notes.txt",
  ])
    writeFileSync(join(cwd, name), "");
  await assert.rejects(programmed(null, "status", join(cwd, "night.db")), {
    message: `${cwd}/night.db is not there: name a file that is, such as ${cwd}/night2.db, ${cwd}/nigth.db, '${cwd}/a night.db', ${cwd}/day.db, ${cwd}/x.sqlite, …`,
  });
  await assert.rejects(programmed(null, "grid", join(cwd, "nigt.yaml")), {
    message: `FILE must be a sweep file, but ${cwd}/nigt.yaml is not there: name a file that is, such as ${cwd}/night.yaml`,
  });
});

test("a leading ~ is the home folder in every path, as a shell would have it, and makes no folder of that name", async (t) => {
  const [cwd, home] = [folder(t), folder(t)];
  const env = { ...process.env, HOME: home };
  const ended = (...args: readonly string[]): Promise<Ended> =>
    started(spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] })).ended;
  const { code, err } = await ended("grid", ...SMALL_GRID, "--trials", "1", "--quiet", "--db=~/x.db", "--log=~/x.log");
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(readdirSync(cwd), []);
  assert.deepEqual(
    readdirSync(home)
      .filter((name) => name.startsWith("x."))
      .sort()
      .slice(0, 1),
    ["x.db"],
  );
  assert.ok(readdirSync(home).includes("x.log"));
  assert.equal((await ended("status", "~/x.db")).code, 0);
});

/** A module that makes doctor throw what is nobody's fault but ours. */
const BROKEN = `data:text/javascript,${encodeURIComponent(
  'import os from "node:os"; import { syncBuiltinESMExports } from "node:module"; os.cpus = () => { throw new TypeError("no such thing"); }; syncBuiltinESMExports();',
)}`;

const COMMANDS = await allCommands();

test("what is neither the user's fault nor the machine's is a bug: its stack, and exit code 70", async (t) => {
  const child = spawn(process.execPath, ["--import", BROKEN, CLI, "doctor"], {
    cwd: folder(t),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { code, out, err } = await started(child).ended;
  assert.deepEqual([code, out], [70, ""]);
  assert.match(err, /^gmm-sweep: this is a bug of gmm-sweep \d+\.\d+\.\d+:\nTypeError: no such thing\n {4}at /);
});

/** A preload under which nothing compiled loads, as Node says it. */
function unloadable(message: string): string {
  const thrown = `Object.assign(new Error(${JSON.stringify(message)}), { code: "ERR_DLOPEN_FAILED" })`;
  return `data:text/javascript,${encodeURIComponent(`process.dlopen = () => { throw ${thrown}; };`)}`;
}

const OTHER_NODE =
  "The module 'better_sqlite3.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 137.";
const NO_FILES_LEFT = "better_sqlite3.node: cannot open shared object file: Too many open files";
const REBUILD =
  "gmm-sweep: sweep.db cannot be opened because better-sqlite3 does not load on this machine: npm rebuild better-sqlite3 compiles it anew, and gmm-sweep doctor says whether it loads\n";

for (const [what, words, reason] of [
  ["may not be loaded", ["--no-addons"], "Cannot load native addon because loading addons is disabled."],
  ["was built for another Node", ["--import", unloadable(OTHER_NODE)], "The module 'better_sqlite3.node'"],
] as const)
  test(`where SQLite ${what}, doctor says so and what to do, and other commands blame the machine`, async (t) => {
    const doctor = await spawned(t, [...words, CLI, "doctor"]);
    assert.deepEqual([doctor.code, doctor.err], [0, ""]);
    const line = doctor.out.split("\n").find((line) => line.includes(" SQLite "));
    assert.match(line ?? "", /^missing {2}SQLite /);
    assert.ok(
      line?.endsWith(
        `  ${reason}: npm rebuild better-sqlite3 compiles it anew; where npm runs no install scripts, npm ci --ignore-scripts=false does`,
      ),
      line,
    );
    const status = await spawned(t, [...words, CLI, "status", "sweep.db"]);
    assert.deepEqual(status, { code: 3, signal: null, out: "", err: REBUILD });
  });

test("where SQLite does not load because too many files are open, that is what is said", async (t) => {
  const { code, err } = await spawned(t, ["--import", unloadable(NO_FILES_LEFT), CLI, "status", "sweep.db"]);
  assert.equal(code, 3);
  assert.match(err, /^gmm-sweep: sweep\.db could not be read or written for want of memory or file descriptors: /);
});

/** Beside a file that is there, whatever is in it. */
function spawned(t: TestContext, words: readonly string[]): Promise<Ended> {
  const cwd = folder(t);
  writeFileSync(join(cwd, "sweep.db"), "");
  return started(spawn(process.execPath, words, { cwd, stdio: ["ignore", "pipe", "pipe"] })).ended;
}

test("what this machine lacks is its own fault: one sentence, exit code 3, nothing written", async (t) => {
  const cwd = folder(t);
  const isa = process.arch === "arm64" ? "avx512" : "neon";
  const child = spawn(process.execPath, [CLI, "run", "--trials", "1"], {
    cwd,
    env: { ...process.env, GMM_SWEEP_ISA: isa },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { code, out, err } = await started(child).ended;
  assert.deepEqual([code, out], [3, ""]);
  assert.match(err, /^gmm-sweep: [^\n]+\n$/);
  assert.deepEqual(readdirSync(cwd), []);
});

/** How each command is asked for JSON, over a file of two sweeps. */
const IN_JSON: Readonly<Record<string, readonly string[]>> = {
  run: [...TINY, "--trials", "1"],
  grid: [...SMALL_GRID, "--trials", "1", "--db", "grid.db"],
  resume: ["a.db"],
  status: ["a.db"],
  plan: ["a.db"],
  verdict: ["a.db"],
  query: ["select 1 as one", "a.db"],
  export: ["exported", "a.db"],
  show: ["original", "1", "a.db", "--sweep", "1"],
  digest: ["a.db"],
  verify: ["a.db", "--sample", "1"],
  replay: ["original", "1", "a.db", "--sweep", "1"],
  diff: ["a.db", "a.db"],
  merge: ["whole.db", "a.db"],
  backup: ["copy.db", "--db", "a.db"],
  train: ["--samples", "20", "--epochs", "2"],
  doctor: [],
};

test("--json prints one value, an array or an object as help says", async (t) => {
  const cwd = folder(t);
  for (const name of ["one", "other"])
    await gmm(cwd, "grid", ...SMALL_GRID, "--trials", "2", "--name", name, "--db", "a.db", "--quiet");
  for (const command of COMMANDS) {
    const option = command.options["json"];
    const name = nameOf(command);
    // What takes a database is asked in taking.test.
    if (option === undefined || ["pull", "push"].includes(name)) continue;
    const { out, err } = await gmm(cwd, ...name.split(" "), ...IN_JSON[name], "--json");
    const said = /one JSON (array|object)/.exec(option.describe)?.[1];
    assert.notEqual(out, "", err);
    assert.equal(Array.isArray(JSON.parse(out)) ? "array" : "object", said, name);
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
    ["grid", ...SMALL_GRID, "--trials", "2"],
    ["status"],
    ["doctor"],
    ["nonsense"],
  ];
  for (const [i, args] of runs.entries()) {
    // The one that shows its progress has the pipe of a process.
    const { out, err } = await (i === 0 ? start(cwd, ...args).ended : gmm(cwd, ...args));
    assert.ok(!`${out}${err}`.includes("\x1b"), args.join(" "));
  }
});
