/** The worked examples of the pages: what stands under a command is what it prints. UPDATE_GOLDEN=1 writes it there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { nameOf } from "../src/commands/arguments.js";
import { allCommands } from "../src/commands/program.js";
import { type Ended, folder, gmm, start } from "./command-line.js";
import { database, NO_SERVER } from "./fixtures/postgres.js";
import { type Example, examplesOf, isAs, renewed } from "./worked-examples.js";

/** The database that the pages name, in whose place a test's own is asked. */
const NAMED_DATABASE = "postgres://ann@db/sweeps";
const COMMANDS_PAGE = "data/docs/commands.md";

/** The pages that have examples, by their paths. */
const PAGES = new Map(
  readdirSync("data/docs")
    .filter((name) => name.endsWith(".md"))
    .map((name): [string, string] => [`data/docs/${name}`, readFileSync(`data/docs/${name}`, "utf8")])
    .filter(([, page]) => examplesOf(page).length > 0),
);

for (const [path, page] of PAGES) {
  const examples = examplesOf(page);
  const shared = examples.filter(({ words }) => words.includes(NAMED_DATABASE));
  const run = NO_SERVER === null ? examples : examples.filter((example) => !shared.includes(example));

  test(`${path} shows what its commands print`, async (t) => {
    const [cwd, place] = [folder(t), shared.length > 0 && NO_SERVER === null ? await database(t) : NAMED_DATABASE];
    // Files that a page shows are there.
    for (const [, name, text] of page.matchAll(/`([\w-]+\.yaml)`:\n\n```yaml\n([\s\S]*?)^```$/gm))
      writeFileSync(join(cwd, name), text);
    const printed = new Map<Example, string>();
    for (const example of run) printed.set(example, await printedBy(example, place, t, cwd));
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, pageWith(page, printed));
    else for (const [{ line, expected }, out] of printed) if (!isAs(expected, out)) assert.equal(out, expected, line);
  });

  if (run.length < examples.length)
    test(`${path} shows what its commands print of ${NAMED_DATABASE}`, { skip: NO_SERVER ?? false }, () => {});
}

/** Runs an example to its end, which must be as the page says; returns what it shows. */
async function printedBy(example: Example, place: string, t: TestContext, cwd: string): Promise<string> {
  const { line, kind, code } = example;
  const words = example.words.map((word) => (word === NAMED_DATABASE ? place : word));
  if (kind === "cat") return readFileSync(join(cwd, words[0]), "utf8");
  const ended = await (words[0] === "serve" ? untilItSpeaks(t, cwd, words) : gmm(cwd, ...words));
  assert.equal(ended.code, code, `${line}\n${ended.err}`);
  if (kind === "sql") {
    assert.equal(ended.err, "");
    for (const row of ended.out.split("\n")) assert.ok(row.length <= 80, row);
  }
  return ended.out.replaceAll(place, NAMED_DATABASE);
}

/** What a command that goes on until it is ended has said by then. */
async function untilItSpeaks(t: TestContext, cwd: string, words: readonly string[]): Promise<Ended> {
  const running = start(cwd, ...words);
  t.after(() => running.child.kill("SIGKILL"));
  await running.said("Ctrl-C");
  running.child.kill("SIGINT");
  return running.ended;
}

/** A page that shows what was printed. */
function pageWith(page: string, printed: ReadonlyMap<Example, string>): string {
  let [text, end] = ["", 0];
  for (const [{ at, expected }, out] of printed) {
    text += page.slice(end, at) + renewed(expected, out);
    end = at + expected.length;
  }
  return text + page.slice(end);
}

test("the pages of queries and of figures have their examples", () => {
  const on = (name: string): Example[] => examplesOf(PAGES.get(`data/docs/${name}.md`) ?? "");
  assert.ok(on("queries").filter(({ kind }) => kind === "sql").length >= 10);
  assert.deepEqual(
    on("figures").map(({ words: [word] }) => word),
    ["grid", "plot", "ten.csv", "show"],
  );
});

test("the page of the commands has a section with an example of each, in the order of the help", async () => {
  const sections = (PAGES.get(COMMANDS_PAGE) ?? "").split(/^## /m).slice(1);
  const named = sections.map((section) => section.slice(0, section.indexOf("\n")));
  const names = (await allCommands()).map(nameOf);
  assert.deepEqual(named, names);
  for (const [i, section] of sections.entries())
    assert.ok(
      examplesOf(section).some(({ words }) => nameIn(words, names) === names[i]),
      `${names[i]} has no example`,
    );
});

/** The name of the command that these words call. */
function nameIn(words: readonly string[], names: readonly string[]): string {
  return names.find((name) => `${words.join(" ")} `.startsWith(`${name} `)) ?? "run";
}

test("a text is as its page has it, word for word but for …", () => {
  assert.ok(isAs("a … c\n", "a b c\n") && isAs("a\n…\nd\n", "a\nb\nc\nd\n") && isAs("(1 + 1)\n", "(1 + 1)\n"));
  assert.ok(!isAs("a … c\n", "a b\nc\n") && !isAs("a\n", "a\nb\n") && !isAs("1.5\n", "1x5\n") && !isAs("", "a\n"));
});

test("a page that is written anew keeps its … where what stands around it is still printed", () => {
  assert.equal(renewed("a …\n…\nd\n", "a b\nc\nd\n"), "a …\n…\nd\n");
  assert.equal(renewed("a …\nb 1\n…\ne\n", "a x\nb 2\nc\nd\nf\n"), "a …\nb 2\n…\nf\n");
  assert.equal(renewed("a\n…\nc 1\nd\n…\n", "a\nb\nc 1\nx\ny\n"), "a\n…\nc 1\nx\n…\n");
  assert.equal(renewed("a\n…\nc 1\n…\n", "a\nb\nc 2\nd\n"), "a\nb\nc 2\nd\n");
});

test("an example is a command with its words, its exit code and what it prints; nothing else runs", () => {
  const [first, second] = examplesOf('```console\n$ npx gmm-sweep query "a b" # exit code 1\n$ cat x.txt\n1\n```\n');
  assert.deepEqual([first.words, first.code, first.expected], [["query", "a b"], 1, ""]);
  assert.deepEqual([second.kind, second.words, second.expected], ["cat", ["x.txt"], "1\n"]);
  assert.throws(() => examplesOf("```console\n$ rm x.txt\n```\n"), /got \$ rm x\.txt/);
});
