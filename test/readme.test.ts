/** The README and its pages are true: help text, tables of views, exit codes, paths, links and examples are what the program does. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { EXIT } from "../src/commands/exit-codes.js";
import { METHOD_NAMES } from "../src/plan/methods.js";
import { openStore } from "../src/store/open.js";
import { folder, gmm } from "./command-line.js";

const README = readFileSync("README.md", "utf8");
/** The text of every page by its path. */
const PAGES = new Map(
  [
    "README.md",
    ...readdirSync("data/docs")
      .filter((name) => name.endsWith(".md"))
      .map((name) => `data/docs/${name}`),
  ].map((path) => [path, readFileSync(path, "utf8")]),
);
const ALL = [...PAGES.values()].join("\n");

let shared: string | null = null;

/** The folder in which the examples run, one after the other: later ones speak of what earlier ones wrote. */
function examplesFolder(t: TestContext): string {
  shared ??= folder(t);
  return shared;
}

async function gmmSweep(t: TestContext, words: readonly string[]): Promise<string> {
  const { code, out, err } = await gmm(examplesFolder(t), ...words);
  assert.equal(code, EXIT.ok, err);
  return out;
}

test("the help in the README is what --help prints", async (t) => {
  const block = /## Commands\n\n```text\n([\s\S]*?)```/.exec(README)?.[1];
  assert.equal(block, await gmmSweep(t, ["--help"]));
});

const VIEWS = [
  ...["trial_results", "epoch_results", "method_summary", "cell_summary", "cell_status", "missing"],
  ...["forget_results", "relearn_epochs", "verdict_inputs", "learning_curves", "memorisation"],
];

for (const view of VIEWS) {
  test(`the page of columns lists those of ${view}, in order`, async () => {
    const page = PAGES.get("data/docs/columns.md") ?? "";
    const section = page.slice(page.indexOf(`## \`${view}\``));
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

test("every method is explained", () => {
  for (const name of METHOD_NAMES) assert.ok(ALL.includes(`**${name}**`), name);
});

test("the README's table of exit codes has all that there are", () => {
  const listed = [...README.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  assert.deepEqual(listed, Object.values(EXIT));
});

/** A heading as the address of its section, as the pages' readers make it. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");
}

for (const [path, text] of PAGES) {
  test(`${path} links to what is there`, () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    for (const [, to, section] of links) {
      const target = to === "" ? path : join(dirname(path), to);
      assert.ok(existsSync(target), `${target} is not there`);
      if (section === undefined) continue;
      const headings = [...readFileSync(target, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading));
      assert.ok(headings.includes(section), `${target} has no section ${section}`);
    }
  });

  test(`${path} names files and scripts that are there`, () => {
    for (const [, named] of text.matchAll(/`((?:src|test|scripts|workers|data)\/[\w./-]*)`/g))
      assert.ok(existsSync(named) || named.endsWith(".db"), `${named} is not there`);
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    for (const [, script] of text.matchAll(/npm run ([\w:-]+)/g)) assert.ok(script in scripts, `npm run ${script}`);
  });
}

test("every page is reached from the README", () => {
  for (const path of PAGES.keys()) assert.ok(path === "README.md" || README.includes(`(${path}`), path);
});

/** The sweep file that the page of the experiment shows. */
const NEGGRAD = /`neggrad\.yaml`:\n\n```yaml\n([\s\S]*?)```/.exec(ALL)?.[1];

test("the sweep file that the examples name is shown", (t) => {
  assert.ok(NEGGRAD !== undefined);
  writeFileSync(join(examplesFolder(t), "neggrad.yaml"), NEGGRAD);
});

const examples = ALL.split("\n").filter((line) => line.startsWith("npx gmm-sweep"));

/** The words of an example, made small: few rows, few trials. */
function small(example: string): string[] {
  const words = [...example.replace(/ #.*$/, "").matchAll(/"([^"]*)"|(\S+)/g)]
    .map(([, quoted, bare]) => quoted ?? bare)
    .slice(2);
  const command = (words[0]?.startsWith("-") ?? true) ? "run" : words[0];
  const sweepFile = words.findIndex((word) => /^data\/.*\.yaml$/.test(word));
  if (sweepFile !== -1) {
    const seeds = words.indexOf("--data-seeds");
    if (seeds !== -1) words.splice(seeds, 2);
    const grid = words[sweepFile].includes("lambda") ? ["--lambda", "0,1", "--epochs", "1:2"] : [];
    words[sweepFile] = resolve(words[sweepFile]);
    words.push("--data-seeds", "1:7", "--features", "2", "--hidden", "4,4", ...grid);
  }
  if (command === "run" || command === "grid") {
    const trials = words.indexOf("--trials");
    if (trials !== -1) words.splice(trials, 2);
    words.push("--trials", "2", "--quiet");
  }
  const draws = ["run", "grid", "train", "data"].includes(command);
  return draws && !words.includes("--data") && !words.includes("--samples") ? [...words, "--samples", "40"] : words;
}

test("there are examples", () => {
  assert.ok(examples.length >= 10, `${examples.length} found`);
});

for (const example of examples) {
  test(`an example runs: ${example.replace(/ +#.*$/, "")}`, async (t) => {
    assert.notEqual(await gmmSweep(t, small(example)), "");
  });
}
