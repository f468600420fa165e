/** Worked examples as the pages have them: a command, and under it what it prints. */
import assert from "node:assert/strict";
import { EXIT } from "../src/commands/exit-codes.js";

export interface Example {
  /** What runs: the program, a look into a file that it wrote, or a query of the file that the page trained last. */
  readonly kind: "npx gmm-sweep" | "cat" | "sql";
  /** As it stands on the page, its exit code with it. */
  readonly line: string;
  readonly words: readonly string[];
  readonly code: number;
  readonly expected: string;
  /** Where on the page `expected` begins. */
  readonly at: number;
}

/** The commands of a page's console blocks and its queries, those of its sql blocks that a text block follows, in order, each with what stands under it. */
export function examplesOf(page: string): Example[] {
  const blocks = page.matchAll(/^```console\n([\s\S]*?)^```$|^```sql\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm);
  const examples: Example[] = [];
  for (const { index, 0: block, 1: commands, 2: sql, 3: expected } of blocks) {
    const end = index + block.length - "```".length;
    if (commands === undefined) examples.push(queryOf(sql, expected, end - expected.length, examples));
    else examples.push(...commandsOf(commands, end - commands.length));
  }
  return examples;
}

function queryOf(sql: string, expected: string, at: number, before: readonly Example[]): Example {
  const trained = before.findLast(({ words }) => words.includes("--db"))?.words ?? [];
  const words = ["query", sql, "--db", trained[trained.indexOf("--db") + 1]];
  return { kind: "sql", line: sql, words, code: EXIT.ok, expected, at };
}

function commandsOf(block: string, begin: number): Example[] {
  let at = begin;
  return block.split(/^(?=\$ )/m).map((text) => {
    const [line] = text.split("\n", 1);
    const parts = /^\$ (npx gmm-sweep|cat)(?: (.*?))??(?: +# exit code (\d+))?$/.exec(line);
    assert.ok(parts !== null, `a console block has commands that begin with $ npx gmm-sweep or $ cat, got ${line}`);
    const [, kind, command = "", code = EXIT.ok] = parts;
    const expected = text.slice(line.length + 1);
    at += text.length;
    const [words, place] = [wordsOf(command), at - expected.length];
    return { kind: kind as Example["kind"], line, words, code: Number(code), expected, at: place };
  });
}

/** The words of a command line, of which some are quoted. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare,
  );
}

/** Whether a text is as a page has it, where … stands for what is another on another machine: on a line of its own for any lines. */
export function isAs(expected: string, out: string): boolean {
  const pattern = expected
    .split(/(^…\n|…)/m)
    .map((part) => (part === "…\n" ? "(?:.*\n)*?" : part === "…" ? ".*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  return new RegExp(`^${pattern}$`).test(out);
}

/** What a page is to show from now on: each … of `expected` stays where what stands around it is still there, and is written out elsewhere. */
export function renewed(expected: string, out: string): string {
  if (isAs(expected, out)) return expected;
  const runs = expected.split(/^…\n/m).map(linesOf);
  let left = linesOf(out);
  const shown: string[] = [];
  for (const [i, run] of runs.entries()) {
    const isLast = i > 0 && i === runs.length - 1;
    const begin = i === 0 ? 0 : isLast ? left.length - run.length : left.findIndex((line) => isAs(run[0], line));
    if (begin < 0) return out;
    const lines = left.slice(begin, begin + run.length);
    left = left.slice(begin + run.length);
    shown.push(lines.map((line, j) => (isAs(run[j], line) ? run[j] : line)).join(""));
  }
  const text = shown.join("…\n");
  return isAs(text, out) ? text : out;
}

/** The lines of a text, each with its end. */
function linesOf(text: string): string[] {
  return text.match(/.*\n/g) ?? [];
}
