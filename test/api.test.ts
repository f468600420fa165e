/** The package as programs import it: each example of its page is checked by the compiler, runs, and prints what stands below it. UPDATE_GOLDEN=1 writes the page anew. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { formatWithOptions } from "node:util";
import * as api from "../src/api/index.js";
import { folder, gmm, rows, SMALL } from "./command-line.js";
import { packagesLoaded } from "./loaded.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGE = `${ROOT}data/docs/api.md`;
const TEXT = readFileSync(PAGE, "utf8");
const EXAMPLES = [...TEXT.matchAll(/```ts\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g)];

/** As a user's project: gmm-sweep and the types of Node among its node_modules. */
const project = mkdtempSync(join(tmpdir(), "gmm-sweep-test-"));
after(() => rmSync(project, { recursive: true }));
const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");

before(() => {
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "@types"), { recursive: true });
  symlinkSync(ROOT, join(modules, "gmm-sweep"));
  symlinkSync(join(ROOT, "node_modules", "@types", "node"), join(modules, "@types", "node"));
  const compilerOptions = {
    ...{ module: "nodenext", target: "es2022", strict: true, exactOptionalPropertyTypes: true },
    ...{ noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true, verbatimModuleSyntax: true },
    ...{ skipLibCheck: false, types: ["node"], outDir: "out" },
  };
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  for (const [i, [, source]] of EXAMPLES.entries()) writeFileSync(join(project, `example${i}.ts`), source);
});

test("the examples of the page are right by the types, those of the package included", () => {
  const { status, stdout } = spawnSync(process.execPath, [TSC, "--project", project], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

test("what the page lists is what the package exports, ten functions at most", () => {
  const names = Object.keys(api).sort();
  assert.deepEqual(names, [
    ...["FIGURE_KINDS", "SweepError", "VERSION", "figure", "listSweeps", "openSweep", "runSweep", "verdict"],
  ]);
  const table = TEXT.slice(0, TEXT.indexOf("\n## "));
  for (const name of names) assert.ok(table.includes(name), name);
});

for (const [i, [, source, shown]] of EXAMPLES.entries()) {
  test(`example ${i + 1} of the page prints what is shown`, async (t) => {
    const before = process.cwd();
    process.chdir(project);
    t.after(() => process.chdir(before));
    let out = "";
    t.mock.method(console, "log", (...values: unknown[]) => {
      out += `${formatWithOptions({ colors: false }, ...values)}\n`;
    });
    await import(pathToFileURL(join(project, "out", `example${i}.js`)).href);
    if (process.env["UPDATE_GOLDEN"] === "1") {
      const block = (result: string): string => `${source}\`\`\`\n\n\`\`\`text\n${result}\`\`\``;
      const page = readFileSync(PAGE, "utf8");
      writeFileSync(
        PAGE,
        page.replace(block(shown), () => block(out)),
      );
    } else assert.equal(out, shown);
  });
}

/** A sweep in words of the command line, and the same as a plan. */
const WORDS = [...SMALL, "--trials", "3", "--lambda", "1", "--epochs", "unlearn=2,original=3,retrain_scratch=3"];
const PLAN: api.PlanObject = {
  ...{ "data-seeds": 0, samples: 40, features: 3, hidden: "6,4", engine: "reference", trials: 3, lambda: 1 },
  epochs: { unlearn: 2, original: 3, retrain_scratch: 3 },
};

test("a plan trains the bits that the same grid trains, and is stored with the command line that asks for it", async (t) => {
  const cwd = folder(t);
  const words = WORDS.map((word) => (word === "--data-seed" ? "--data-seeds" : word));
  assert.equal((await gmm(cwd, "grid", ...words, "--db", "grid.db", "--quiet")).code, 0);
  await api.runSweep({ ...PLAN, "with-null": false }, { place: join(cwd, "api.db"), workers: 1 });
  const digests = await gmm(cwd, "diff", "grid.db", "api.db");
  assert.equal(digests.code, 0, digests.out);
  const [[command]] = await rows(join(cwd, "api.db"), "select command from commands");
  assert.match(String(command), /^gmm-sweep grid .*--trials 3/);
  const again = String(command).split(" ").slice(1);
  const { out } = await gmm(cwd, ...again, "--db", "api.db", "--json", "--quiet");
  const { trained, skipped } = JSON.parse(out) as { trained: number; skipped: number };
  assert.deepEqual([trained, skipped], [0, 9]);
});

test("the null of a plan is a switch in its command", async (t) => {
  const place = join(folder(t), "null.db");
  await api.runSweep({ ...PLAN, "with-null": true }, { place, workers: 1 });
  const [[command]] = await rows(place, "select command from commands");
  assert.match(String(command), / --with-null(?! (true|false))/);
});

test("faults of a plan are told with their places, of options by their names, and leave no file behind", async (t) => {
  const place = join(folder(t), "none.db");
  await assert.rejects(api.runSweep("trials: 0\n", { place }), {
    name: "SweepError",
    message: "plan:1:9: trials must be a whole number from 1 to 1000000, got 0",
  });
  await assert.rejects(api.runSweep(PLAN, { place, workers: 0 }), /^SweepError: workers must be a whole number from 1/);
  await assert.rejects(api.listSweeps(place), { name: "SweepError", fault: "usage" });
});

test("a sweep is opened by number, by name, or as the only one; margins are checked", async (t) => {
  const place = join(folder(t), "two.db");
  await api.runSweep({ ...PLAN, name: "one" }, { place, workers: 1 });
  const only = await api.openSweep(place);
  assert.deepEqual([only.id, only.name], [1, "one"]);
  await assert.rejects(api.verdict(only, { margin: { forget: -1 } }), /^SweepError: margin forget must be/);
  const askedOf = async (cells?: api.VerdictOptions["cells"]): Promise<unknown[]> =>
    (await api.verdict(only, cells === undefined ? {} : { cells })).map(({ asked }) => asked);
  assert.deepEqual(await askedOf(), ["beforehand"]);
  assert.deepEqual(await askedOf(({ method }) => method !== "unlearn"), ["narrowed"]);
  await assert.rejects(api.figure(only, "slop"), /got slop: did you mean slope$/);
  for (const [asked, sentence] of [
    [{ method: "unlern" }, /^SweepError: method must be one of .*, got unlern: did you mean unlearn$/],
    [{ trial: 4 }, /^SweepError: trial must be a whole number from 1 to 3, got 4$/],
    [{ trial: 1.5 }, /^SweepError: trial must be a whole number from 1 to 3, got 1\.5$/],
  ] as const)
    await assert.rejects(only.curves(asked).next(), sentence);
  await only.close();
  await api.runSweep({ ...PLAN, name: "two", trials: 2 }, { place, workers: 1 });
  for (const sweep of [2, "two"]) {
    const opened = await api.openSweep(place, { sweep });
    assert.equal(opened.plan.trials, 2);
    await opened.close();
  }
  await assert.rejects(api.openSweep(place), {
    message: `sweep must be the number or the name of one of ${place}, which has 1 (one), 2 (two), got none`,
  });
});

test("a run whose signal is aborted already trains nothing", async (t) => {
  const place = join(folder(t), "stopped.db");
  const result = await api.runSweep(PLAN, { place, workers: 1, signal: AbortSignal.abort() });
  assert.deepEqual([result.stopped, result.trained], [true, 0]);
});

test("importing the package loads nothing that draws, no TensorFlow.js and no client of PostgreSQL", () => {
  const loaded = packagesLoaded(`${ROOT}dist/src/api/index.js`);
  for (const name of ["vega", "vega-lite", "@resvg/resvg-js", "pdfkit", "@tensorflow/tfjs-core", "pg", "yargs"])
    assert.ok(!loaded.includes(name), `${name} is among ${loaded.join(", ")}`);
});
