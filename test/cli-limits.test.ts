/** What a machine allows too little of is the environment's fault: no trial is blamed, and what has landed is kept. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { threadsWithRoom } from "../src/run/address-space.js";
import { openResults } from "../src/store/open.js";
import { folder } from "./command-line.js";

const CLI = fileURLToPath(new URL("../src/cli.js", import.meta.url));
const TRIALS = 96;
const SMALL = [
  ...["--samples", "20", "--features", "2", "--hidden", "4,3", "--engine", "reference"],
  ...["--methods", "original", "--epochs", "original=3", "--trials", `${TRIALS}`],
];

/** Whether this machine has a shell that sets limits. */
function shellSetsLimits(): boolean {
  try {
    execFileSync("bash", ["-c", "ulimit -n 150"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Runs the product under a limit, as `-n 150`. */
async function underLimit(limit: string, words: readonly string[]): Promise<{ code: number | null; err: string }> {
  const script = `ulimit ${limit} && exec "$0" "$@"`;
  const child = spawn("bash", ["-c", script, process.execPath, CLI, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    err += part;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, err: err.replace(OF_TENSORFLOW, "") };
}

/** What TensorFlow, where it is installed, says by itself before it can be told not to. */
const OF_TENSORFLOW = /^(WARNING: All log messages before absl|I\d{4} ).*\n/gm;

// The program's own modules are loaded with some 60 files open at once.
for (const files of [150, 96]) {
  test(`with ${files} open files allowed, 48 workers become as many as can start, and no trial fails`, {
    skip: !shellSetsLimits(),
  }, async (t) => {
    const db = join(folder(t), "sweep.db");
    const { code, err } = await underLimit(`-n ${files}`, ["run", ...SMALL, "--workers", "48", "--db", db]);
    // Each thread holds three files or so and the first ones are enough: which of them start is chance, the end is not.
    assert.equal(code, 0, err);
    assert.match(err, /a thread could not go on, \d+ do: too many files are open \(EMFILE\)/);
    const results = await openResults(db);
    t.after(() => results.close());
    const [sweep] = await results.sweeps();
    const { done, failed } = await results.stateCounts(sweep);
    assert.deepEqual({ done, failed }, { done: TRIALS, failed: 0 });
  });
}

test("the threads that there is address space for are those that a limit leaves room for", (t) => {
  const [limits, status] = ["limits", "status"].map((name) => join(folder(t), name));
  const room = (bytes: string, kilobytes: string): number => {
    writeFileSync(
      limits,
      `Max open files            1024  1048576  files\nMax address space         ${bytes}  unlimited  bytes\n`,
    );
    writeFileSync(status, `Name:\tnode\nVmSize:\t ${kilobytes} kB\n`);
    return threadsWithRoom({ limits, status });
  };
  assert.equal(room("unlimited", "1000000"), Number.POSITIVE_INFINITY);
  assert.deepEqual([room("2264000000", "1000000"), room("2263999999", "1000000")], [2, 1]);
  assert.equal(room("1000000000", "1000000"), 0);
  assert.equal(threadsWithRoom({ limits: "/none", status: "/none" }), Number.POSITIVE_INFINITY);
});

/** Kilobytes that a node has reserved that does nothing else; null where nobody says. */
function reserved(): number | null {
  const script =
    "console.log(/VmSize:\\s*(\\d+)/.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'))[1])";
  if (!existsSync("/proc/self/limits")) return null;
  return Number(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" }));
}

test("with address space for some of 24 threads those train, with space for none it is the machine's fault, and V8 never ends the process", {
  skip: !shellSetsLimits() || reserved() === null,
}, async (t) => {
  const base = Number(reserved());
  for (const [more, told, exitCode] of [
    [
      3_000_000,
      /a thread could not go on, (\d) do(es)?: there is address space \(ulimit -v\) for \1 threads? of 24\n/,
      0,
    ],
    [
      500_000,
      /^gmm-sweep: no thread is left to train: there is no address space for one \(ulimit -v\); raise that limit/,
      3,
    ],
  ] as const) {
    const db = join(folder(t), "sweep.db");
    const { code, err } = await underLimit(`-v ${base + more}`, ["run", ...SMALL, "--workers", "24", "--db", db]);
    assert.match(err, told);
    assert.equal(code, exitCode, err);
    const results = await openResults(db);
    t.after(() => results.close());
    const [sweep] = await results.sweeps();
    const { done, failed } = await results.stateCounts(sweep);
    assert.deepEqual({ done, failed }, { done: exitCode === 0 ? TRIALS : 0, failed: 0 });
  }
});

test("a machine that cannot open the files of the program gets one sentence, and exit code 3", {
  skip: !shellSetsLimits(),
}, async () => {
  const ends = await Promise.all([32, 48, 64, 256].map((files) => underLimit(`-n ${files}`, ["doctor"])));
  const sentence =
    "gmm-sweep: the program could not be loaded (too many files are open (EMFILE)): allow more open files and memory (ulimit -n, ulimit -v), or end other programs\n";
  assert.deepEqual(
    [ends[0], ends[3]],
    [
      { code: 3, err: sentence },
      { code: 0, err: "" },
    ],
  );
  // Where it begins to be enough depends on the Node: below, each says so in one sentence, and from there on none says anything.
  const enough = ends.findIndex(({ code }) => code === 0);
  for (const { code, err } of ends.slice(0, enough)) {
    assert.equal(code, 3, err);
    assert.match(err, /^gmm-sweep: [^\n]+\(EMFILE\)[^\n]+\(ulimit -n[^\n]+\n$/);
  }
  for (const end of ends.slice(enough)) assert.deepEqual(end, { code: 0, err: "" });
});
