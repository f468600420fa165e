/** The worked examples of the pages: what stands under a command is what it prints. `UPDATE_GOLDEN=1` writes it there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { nameOf } from "../src/commands/arguments.js";
import { EXIT } from "../src/commands/exit-codes.js";
import { allCommands } from "../src/commands/program.js";
import { type Ended, folder, gmm, start } from "./command-line.js";
import { database, NO_SERVER } from "./fixtures/postgres.js";

const UPDATES = process.env["UPDATE_GOLDEN"] === "1";
/** The database that the pages name, in whose place a test's own is asked. */
const NAMED_DATABASE = "postgres://ann@db/sweeps";

const PAGES = readdirSync("data/docs")
  .filter((name) => name.endsWith(".md"))
  .map((name) => `data/docs/${name}`);
const COMMANDS_PAGE = "data/docs/commands.md";

interface Example {
  /** As it stands on the page, its exit code with it. */
  readonly line: string;
  readonly words: readonly string[];
  /** The file that takes what it prints; null: it is shown. */
  readonly into: string | null;
  readonly code: number;
  readonly expected: string;
}

/** The commands of a page's console blocks, in order, each with what stands under it. */
function examplesOf(page: string): Example[] {
  const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf("\n") + 1;
        const [line, expected] = [text.slice(0, end - 1), text.slice(end)];
        const [, command = "", into = null, code = EXIT.ok] =
          /^npx gmm-sweep ?(.*?)(?: > (\S+))?(?: +# exit code (\d+))?$/.exec(line) ?? [];
        return { line, words: wordsOf(command), into, code: Number(code), expected };
      }),
  );
}

/** The words of a command line, of which some are quoted. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare,
  );
}

/** Whether a text is as a page has it, where … stands for what is another on another machine: on a line of its own for any lines. */
function isAs(expected: string, out: string): boolean {
  const pattern = expected
    .split(/(^…\n|…)/m)
    .map((part) => (part === "…\n" ? "(?:.*\n)*?" : part === "…" ? ".*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  return new RegExp(`^${pattern}$`).test(out);
}

/** What a command that goes on until it is ended has said by then. */
async function untilItSpeaks(t: TestContext, cwd: string, words: readonly string[]): Promise<Ended> {
  const running = start(cwd, ...words);
  t.after(() => running.child.kill("SIGKILL"));
  await running.said("Ctrl-C");
  running.child.kill("SIGINT");
  return running.ended;
}

for (const path of PAGES) {
  const page = readFileSync(path, "utf8");
  const examples = examplesOf(page);
  if (examples.length === 0) continue;
  test(`${path} shows what its commands print`, async (t) => {
    const [cwd, asksServer] = [folder(t), examples.some(({ line }) => line.includes(NAMED_DATABASE))];
    const place = asksServer && NO_SERVER === null ? await database(t) : null;
    // Files that a page shows are there.
    for (const [, name, text] of page.matchAll(/`([\w-]+\.yaml)`:\n\n```yaml\n([\s\S]*?)^```$/gm))
      writeFileSync(join(cwd, name), text);
    let written = page;
    for (const example of examples) {
      const { line, into, code, expected } = example;
      const isOnServer = line.includes(NAMED_DATABASE);
      if (isOnServer && place === null) {
        t.diagnostic(`not run, since ${NO_SERVER}: ${line}`);
        continue;
      }
      const words = example.words.map((word) => (word === NAMED_DATABASE ? (place ?? word) : word));
      const ended = words[0] === "serve" ? await untilItSpeaks(t, cwd, words) : await gmm(cwd, ...words);
      assert.equal(ended.code, code, `${line}\n${ended.err}`);
      if (into !== null) writeFileSync(join(cwd, into), ended.out);
      const shown = into === null ? ended.out : "";
      const out = isOnServer ? shown.replaceAll(String(place), NAMED_DATABASE) : shown;
      if (isAs(expected, out)) continue;
      if (UPDATES) written = written.replace(`$ ${line}\n${expected}`, () => `$ ${line}\n${out}`);
      else assert.equal(out, expected, line);
    }
    if (UPDATES) writeFileSync(path, written);
  });
}

test("the page of the commands has a section with an example of each, in the order of the help", async () => {
  const sections = readFileSync(COMMANDS_PAGE, "utf8").split(/^## /m).slice(1);
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
