/** Completion as the shells do it: each test runs the shell on the script that gmm-sweep prints. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ENGINE_NAMES } from "../src/engine/engines.js";
import { METHOD_NAMES } from "../src/plan/methods.js";
import { PRESET_NAMES } from "../src/plan/presets.js";
import { READY_NAMES } from "../src/plan/ready.js";
import { folder, programmed } from "./command-line.js";

type Shell = "bash" | "zsh" | "fish";

/** A folder with a database, a folder, and a file with a space in its name. */
function place(t: TestContext): string {
  const cwd = folder(t);
  for (const name of ["night.db", "a night.db"]) writeFileSync(join(cwd, name), "");
  mkdirSync(join(cwd, "draws"));
  return cwd;
}

/** The lines that a shell prints; the script and the words, the last of which is to be completed, are its arguments. */
async function lines(cwd: string, shell: Shell, program: string, ...words: readonly string[]): Promise<string[]> {
  const { out } = await programmed(null, "completion", shell);
  const script = join(cwd, ".completion");
  writeFileSync(script, out);
  const args = shell === "fish" ? ["--no-config", "-c", program] : ["-c", program, shell];
  const { status, stdout, stderr } = spawnSync(shell, [...args, script, ...words], { cwd, encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

const PROGRAMS: Readonly<Record<Shell, string>> = {
  bash: `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gmm_sweep; printf "%s\\n" "\${COMPREPLY[@]}"`,
  // zsh completes at a terminal alone: what its builtins would offer is printed here.
  zsh: `compdef() { : }; _files() { print -l -- *(N) }
    _describe() { local name=\${@[-1]}; print -l -- \${\${(P)name}%%:*} }
    compadd() { shift; if [[ $# -eq 1 && -v $1 ]]; then print -l -- \${(P)1}; else print -l -- $@; fi }
    compset() { PREFIX=\${PREFIX##*\${2[-1]}} }
    source "$1"; shift; words=("$@"); CURRENT=$#; PREFIX=\${words[CURRENT]}; _gmm_sweep`,
  fish: 'source $argv[1]; complete -C "$argv[2..]" | string replace -r "\\t.*" ""; true',
};

/** What is typed after gmm-sweep, and what a shell offers: all of these, and none of those. */
const OFFERED: [typed: string, offered: readonly string[], not: readonly string[]][] = [
  ["", ["run", "grid", "status", "data", "completion"], ["--help", "night.db"]],
  ["grid --pre", ["--preset", "--precision"], ["--workers", "night.db"]],
  ["grid --da", ["--data", "--data-seeds"], ["--data-seed"]],
  ["--da", ["--data", "--data-seed"], ["--data-seeds"]],
  ["grid --preset ", PRESET_NAMES, ["night.db", "--preset"]],
  ["grid --preset=", PRESET_NAMES, ["night.db"]],
  ["run --engine ", ENGINE_NAMES, ["night.db"]],
  ["query select --format ", ["table", "csv", "json"], ["night.db", "parquet", "latex"]],
  ["verdict --format ", ["table", "json", "csv", "markdown", "latex"], ["night.db", "npz"]],
  ["export ", ["night.db", "a night.db"], ["original"]],
  ["export draws --format ", ["parquet", "csv", "npz"], ["night.db", "table", "json"]],
  ["status ", ["night.db", "a night.db"], ["original"]],
  ["status --db ", ["night.db", "a night.db"], ["original"]],
  ["run --workers ", [], ["night.db", "notebook"]],
  ["show ", METHOD_NAMES, []],
  ["data ", ["export"], []],
  ["grid ", [...READY_NAMES, "night.db"], ["original"]],
  ["completion ", ["bash", "zsh", "fish"], ["night.db"]],
  ["doctor ", [], ["night.db"]],
];

/** What a shell offers without what was typed before it, and without its own marks. */
function plain(line: string, typed: string): string {
  const before = /=$/.test(typed) ? (typed.split(" ").at(-1) ?? "") : "";
  return line.replace(before, "").replaceAll("\\ ", " ").replaceAll("'", "");
}

for (const shell of ["bash", "zsh", "fish"] as const) {
  const there = spawnSync(shell, ["--version"]).error === undefined;
  test(`${shell} completes commands, options, names and files`, {
    skip: there ? false : `${shell} is not installed`,
  }, async (t) => {
    const cwd = place(t);
    for (const [typed, offered, not] of OFFERED) {
      // bash takes --option=value for three words.
      const words = `gmm-sweep ${shell === "bash" ? typed.replace("=", " = ") : typed}`.split(" ");
      const line = shell === "fish" ? [words.join(" ")] : words;
      // zsh itself chooses, of all that was offered, what begins as typed.
      const found = (await lines(cwd, shell, PROGRAMS[shell], ...line)).map((one) => plain(one, typed));
      const begun = typed.split(" ").at(-1) ?? "";
      const matching = shell === "zsh" && !begun.includes("=") ? found.filter((one) => one.startsWith(begun)) : found;
      for (const one of offered) assert.ok(matching.includes(one), `${typed}: ${one} is not in ${matching.join(", ")}`);
      for (const one of not) assert.ok(!matching.includes(one), `${typed}: ${one} is in ${matching.join(", ")}`);
    }
  });
}

test("bash completes the last name of a list", async (t) => {
  const found = await lines(place(t), "bash", PROGRAMS.bash, "gmm-sweep", "grid", "--methods", "original,re");
  assert.deepEqual(
    found,
    METHOD_NAMES.filter((name) => name.startsWith("re")).map((name) => `original,${name}`),
  );
});

test("a shell that is not known is refused, and its like is named", async () => {
  await assert.rejects(programmed(null, "completion", "bsh"), {
    message: "SHELL must be one of bash, zsh, fish, got bsh: did you mean bash",
  });
});
