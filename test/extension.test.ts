/** What the README says of adding things: to a copy of the program one of each is added, as a record or a file, and the program has it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { folder } from "./command-line.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TINY = [
  ...["grid", "--samples", "40", "--features", "2", "--hidden", "3,2", "--trials", "2", "--quiet"],
  ...["--epochs", "original=4,retrain_scratch=4"],
];

/** A copy of the built program, to add things to. */
class Copy {
  readonly #root: string;

  constructor(t: TestContext) {
    this.#root = folder(t);
    for (const name of ["src", "workers"])
      cpSync(join(ROOT, "dist", name), join(this.#root, "dist", name), { recursive: true });
    mkdirSync(join(this.#root, "src", "engine"), { recursive: true });
    // The kernels lie in the source tree; the rest of it is not needed.
    symlinkSync(join(ROOT, "src", "engine", "fused"), join(this.#root, "src", "engine", "fused"));
    symlinkSync(join(ROOT, "node_modules"), join(this.#root, "node_modules"));
    cpSync(join(ROOT, "package.json"), join(this.#root, "package.json"));
  }

  path(name: string): string {
    return join(this.#root, name);
  }

  addFile(name: string, ...lines: readonly string[]): void {
    const path = this.path(`dist/src/${name}`);
    assert.ok(!existsSync(path));
    writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  }

  /** Puts `record` behind the first place where `after` stands. */
  addRecord(name: string, after: RegExp, record: string): void {
    const path = this.path(`dist/src/${name}`);
    const text = readFileSync(path, "utf8");
    const match = after.exec(text);
    assert.ok(match !== null, `${name} has no ${after}`);
    const end = match.index + match[0].length;
    writeFileSync(path, `${text.slice(0, end)}\n${record}\n${text.slice(end)}`);
  }

  /** Runs it in its own folder; what it prints. */
  run(...args: readonly string[]): string {
    const words = [this.path("dist/src/cli.js"), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: this.#root, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  /** The values of a select's one column. */
  column(sql: string): string[] {
    const [, ...values] = this.run("query", sql, "--format", "csv", "--db", "a.db").trimEnd().split("\n");
    return values;
  }
}

test("a method is a record", (t) => {
  const copy = new Copy(t);
  copy.addRecord(
    "plan/methods.js",
    /export const METHODS = \[[\s\S]*?\n(?=\];)/,
    `{ name: "forget_half", start: "original", crossEntropy: { retained: "1/n", forget: "-1/(2*k)" },
      penalty: { retained: "0", forget: "0" }, forgetLabels: "kept", lambda: 0, epochs: 2, parameters: {} },`,
  );
  copy.run(...TINY, "--methods", "original,retrain_scratch,forget_half", "--lambda", "forget_half=0", "--db", "a.db");
  assert.deepEqual(copy.column("select count(*) from trial_results where method = 'forget_half' and state = 'done'"), [
    "2",
  ]);
  assert.match(copy.run("verify", "a.db"), /6 of 6 trial rows came out equal to the bit/);
});

test("a preset is a record", (t) => {
  const copy = new Copy(t);
  copy.addRecord(
    "plan/presets.js",
    /export const PRESETS = \[/,
    `{ name: "doubled", freshLambda: 2, initialWeights: "shared", startTrial: "own", penalties: {} },`,
  );
  copy.run(...TINY, "--preset", "doubled", "--db", "a.db");
  assert.deepEqual(
    copy.column("select distinct lambda_effective from trial_results where method = 'original' and preset = 'doubled'"),
    ["2"],
  );
});

test("an engine is a file and a record", (t) => {
  const copy = new Copy(t);
  copy.addFile(
    "engine/second.js",
    'import { referenceEngine } from "./reference/reference.js";',
    'export const secondEngine = () => ({ ...referenceEngine(), name: "second", profile: "second/f64/r1" });',
  );
  copy.addRecord(
    "engine/engines.js",
    /const ENGINES = \{/,
    'second: { precisions: ["f64"], load: async () => (await import("./second.js")).secondEngine() },',
  );
  copy.run(...TINY, "--engine", "second", "--db", "a.db");
  assert.deepEqual(copy.column("select distinct profile from trial_results"), ["second/f64/r1"]);
});

test("a measure is a record, and its column stands in new files", (t) => {
  const copy = new Copy(t);
  copy.addRecord(
    "measures.js",
    /\{ name: "penalty", of: \(\{ penalty \}, at\) => penalty\[at\] \},/,
    '{ name: "double_margin", of: ({ forgetMargin }, at) => 2 * forgetMargin[at] },',
  );
  copy.run(...TINY, "--db", "a.db");
  assert.deepEqual(copy.column("select count(*) from trial_rows where double_margin = 2 * forget_margin"), ["6"]);
  assert.match(copy.run("verify", "a.db"), /6 of 6 trial rows came out equal to the bit/);
});

test("a store is a file and a record", (t) => {
  const copy = new Copy(t);
  copy.addFile(
    "store/aside.js",
    'import { SQLITE } from "./sqlite/kind.js";',
    "const path = (place) => place.slice('aside:'.length) + '.aside';",
    "export const ASIDE = {",
    "  takes: (place) => place.startsWith('aside:'),",
    "  open: (place, opening) => SQLITE.open(path(place), opening),",
    "  read: (place) => SQLITE.read(path(place)),",
    "};",
  );
  copy.addRecord("store/open.js", /import \{ SQLITE \} .*/, 'import { ASIDE } from "./aside.js";');
  copy.addRecord("store/open.js", /const KINDS = \[/, "ASIDE,");
  copy.run(...TINY, "--db", "aside:b");
  assert.ok(existsSync(copy.path("b.aside")));
  assert.match(copy.run("status", "aside:b"), /complete: each of the 6 trial rows is there/);
});

test("an observer is a file and its name", (t) => {
  const copy = new Copy(t);
  copy.addFile(
    "report/noting.js",
    'import { appendFileSync } from "node:fs";',
    'export const noting = (event) => appendFileSync("heard.txt", event.kind + "\\n");',
  );
  copy.addRecord("commands/observers.js", /import .*progress\.js";/, 'import { noting } from "../report/noting.js";');
  copy.addRecord("commands/observers.js", /return \[/, "noting,");
  copy.run(...TINY, "--db", "a.db");
  const heard = readFileSync(copy.path("heard.txt"), "utf8").trimEnd().split("\n");
  assert.deepEqual([heard[0], heard[1], heard.at(-1)], ["opened", "started", "ended"]);
  assert.ok(heard.includes("landed"));
});
