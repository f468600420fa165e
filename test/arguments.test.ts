/** What a command line asks for: bare words and options are one thing said in two ways, and the language of the machine changes nothing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { askedBy } from "../src/commands/arguments.js";
import { allCommands } from "../src/commands/program.js";
import { runCommand } from "../src/commands/run.js";
import type { Flags } from "../src/plan/flags.js";
import { CLI, folder, started } from "./command-line.js";

const COMMANDS = await allCommands();

function flagsOf(line: string): Flags {
  return askedBy(line.split(" "), COMMANDS, runCommand).flags;
}

const UNDERSTOOD: [line: string, flags: Flags][] = [
  ["run night.db", { database: "night.db" }],
  ["run --db night.db", { db: "night.db" }],
  ["grid night.yaml night.db", { file: "night.yaml", database: "night.db" }],
  ["grid night.db night.yaml", { file: "night.yaml", database: "night.db" }],
  ["grid night.sqlite3", { database: "night.sqlite3" }],
  ["grid sweepfile --db night", { file: "sweepfile", db: "night" }],
  ["status night", { file: "night" }],
  ["query night.db select", { sql: "select", file: "night.db" }],
  ["query select night.db", { sql: "select", file: "night.db" }],
  ["show original 3", { method: "original", trial: "3" }],
  ["show original 3 night.db", { method: "original", trial: "3", file: "night.db" }],
  ["show night.db 3 original", { method: "original", trial: "3", file: "night.db" }],
  ["show --method original --trial 3", { method: "original", trial: "3" }],
  ["show original --trial 3 ./night", { method: "original", trial: "3", file: "./night" }],
  ["replay night.db", { file: "night.db" }],
  ["replay unlearn 41 night.db --epochs 12", { method: "unlearn", trial: "41", file: "night.db", epoch: "12" }],
  ["merge whole.db a.db b.db", { out: "whole.db", parts: ["a.db", "b.db"] }],
  ["run --draw 7 --method unlearn --epoch 5", { "data-seed": "7", methods: "unlearn", epochs: "5" }],
  ["run --data-seeds 7", { "data-seed": "7" }],
  ["grid --data-seed 1:3 --draw 7", { "data-seeds": ["1:3", "7"] }],
  ["data export d --draw 7", { dir: "d", "data-seed": "7" }],
  ["train --methods original", { method: "original" }],
  ["show original 1 --data-seed 7", { method: "original", trial: "1", draw: "7" }],
  ["--quiet --trials 2 run", { quiet: true, trials: "2" }],
  ["status ~/night.db", { file: join(homedir(), "night.db") }],
  ["verify a.db --data=~/one,two,~", { file: "a.db", data: `${join(homedir(), "one")},two,${homedir()}` }],
  [
    "merge ~/whole.db ~/a.db ./~/b.db",
    { out: join(homedir(), "whole.db"), parts: [join(homedir(), "a.db"), "./~/b.db"] },
  ],
  ["grid --name ~mine", { name: "~mine" }],
  ["grid --name -mine --db -night.db", { name: "-mine", db: "-night.db" }],
  ["query select night.db --format -1e3", { sql: "select", file: "night.db", format: "-1e3" }],
];

for (const [line, flags] of UNDERSTOOD) {
  test(`gmm-sweep ${line} says ${JSON.stringify(flags)}`, () => {
    assert.deepEqual({ ...flagsOf(line) }, flags);
  });
}

test("an empty word is refused by what it stands for", () => {
  for (const [words, label] of [
    [["run", ""], "DATABASE"],
    [["merge", "whole.db", "a.db", ""], "PARTS"],
    [["diff", "", "a.db"], "FIRST"],
    [["train", ""], "a word"],
  ] as const)
    assert.throws(() => askedBy(words, COMMANDS, runCommand), {
      message: new RegExp(`^${label} must not be empty, got '': leave it out, or write it as in gmm-sweep `),
    });
  assert.throws(() => askedBy([""], COMMANDS, runCommand), {
    message: /^a command must have a name, got an empty word: /,
  });
});

test("a bare word that is a file's name is that file, but for methods' names", (t) => {
  const cwd = folder(t);
  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(cwd);
  assert.deepEqual(flagsOf("replay night"), { method: "night" });
  for (const name of ["night", "unlearn"]) writeFileSync(name, "");
  assert.deepEqual(flagsOf("replay night"), { file: "night" });
  assert.deepEqual(flagsOf("replay unlearn"), { method: "unlearn" });
});

test("in a German locale each sentence is the same", async (t) => {
  const said = async (locale: string, ...args: readonly string[]): Promise<string> => {
    const env = { ...process.env, LC_ALL: locale, LANG: locale, LANGUAGE: locale };
    const { out, err } = await started(spawn(process.execPath, [CLI, ...args], { cwd: folder(t), env, stdio: "pipe" }))
      .ended;
    return `${out}${err}`;
  };
  for (const args of [
    ["show", "original"],
    ["grid", "--help"],
  ])
    assert.equal(await said("de_DE.UTF-8", ...args), await said("C", ...args));
});
