/** The README is true: its help text, its tables of views and its examples are what the program does. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { METHOD_NAMES } from "../src/plan/methods.js";
import { openStore } from "../src/store/open.js";

const README = readFileSync("README.md", "utf8");
const CLI = resolve("dist/src/cli.js");
const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-readme-"));
after(() => rmSync(folder, { recursive: true }));

function gmmSweep(words: readonly string[]): string {
  return execFileSync(process.execPath, [CLI, ...words], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test("the help in the README is what --help prints", () => {
  const block = /## Commands\n\n```text\n([\s\S]*?)```/.exec(README)?.[1];
  assert.equal(block, gmmSweep(["--help"]));
});

const VIEWS = [
  ...["trial_results", "epoch_results", "method_summary", "cell_summary", "cell_status", "missing"],
  ...["forget_results", "relearn_epochs"],
];

for (const view of VIEWS) {
  test(`the README lists the columns of ${view}, in order`, async () => {
    const section = README.slice(README.indexOf(`### \`${view}\``));
    const documented = section
      .slice(section.indexOf("\n| column"), section.indexOf("\n\n", section.indexOf("\n| column")))
      .split("\n")
      .slice(3)
      .flatMap((line) => line.split("|")[1].trim().split(", "));
    const store = await openStore(":memory:");
    const { columns } = await store.query(`select * from ${view}`);
    await store.close();
    assert.deepEqual(documented, columns);
  });
}

test("the README names every method", () => {
  for (const name of METHOD_NAMES) assert.ok(README.includes(`**${name}**`), name);
});

/** The sweep file that the README shows. */
const NEGGRAD = /`neggrad\.yaml`:\n\n```yaml\n([\s\S]*?)```/.exec(README)?.[1];

test("the README shows the sweep file that its examples name", () => {
  assert.ok(NEGGRAD !== undefined);
  writeFileSync(join(folder, "neggrad.yaml"), NEGGRAD);
});

const examples = README.split("\n").filter((line) => line.startsWith("npx gmm-sweep"));

/** The words of an example, made small: few rows, few trials. */
function small(example: string): string[] {
  const words = [...example.replace(/ #.*$/, "").matchAll(/"([^"]*)"|(\S+)/g)]
    .map(([, quoted, bare]) => quoted ?? bare)
    .slice(2);
  const command = (words[0]?.startsWith("-") ?? true) ? "run" : words[0];
  if (command === "run" || command === "grid") {
    const trials = words.indexOf("--trials");
    if (trials !== -1) words.splice(trials, 2);
    words.push("--trials", "2", "--quiet");
  }
  const draws = ["run", "grid", "train", "data"].includes(command) && !words.includes("--data");
  return draws ? [...words, "--samples", "40"] : words;
}

test("the README has examples", () => {
  assert.ok(examples.length >= 10, `${examples.length} found`);
});

for (const example of examples) {
  test(`an example of the README runs: ${example.replace(/ +#.*$/, "")}`, () => {
    assert.notEqual(gmmSweep(small(example)), "");
  });
}
