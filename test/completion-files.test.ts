/** Completion that is installed: each shell finds it by itself in a new home, and what is another's stays. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { CLI, folder, programmed } from "./command-line.js";

/** A home of nobody, in which the command runs as with this $SHELL; what else says where shells look is not said. */
function home(t: TestContext, shell: string): string {
  const path = folder(t);
  const names = ["HOME", "SHELL", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR", "BASH_COMPLETION_USER_DIR"];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  process.env["HOME"] = path;
  process.env["SHELL"] = shell;
  t.after(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });
  return path;
}

async function said(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await programmed(null, "completion", ...words);
  assert.deepEqual([code, err], [0, ""]);
  return out;
}

const SCRIPTS = {
  bash: ".local/share/bash-completion/completions/gmm-sweep",
  zsh: ".local/share/gmm-sweep/zsh/_gmm-sweep",
  fish: ".config/fish/completions/gmm-sweep.fish",
} as const;

for (const shell of ["bash", "zsh", "fish"] as const) {
  test(`completion of ${shell} is installed by $SHELL, is what is printed, stays as it is the second time, and goes`, async (t) => {
    const cwd = home(t, `/usr/bin/${shell}`);
    const script = join(cwd, SCRIPTS[shell]);
    const first = await said("--install");
    assert.ok(first.startsWith(`${script}: written\n`), first);
    assert.ok(first.endsWith(`gmm-sweep completion ${shell} --uninstall takes it away\n`), first);
    assert.equal(readFileSync(script, "utf8"), await said(shell));
    const second = await said(shell, "--install");
    assert.match(second, /: as it was\n/);
    assert.doesNotMatch(second, /written|added/);
    assert.match(await said("--uninstall"), /: removed\n/);
    assert.equal(existsSync(script), false);
    assert.equal(await said("--uninstall"), `nothing of gmm-sweep is where ${shell} looks for completion\n`);
  });

  test(`a file of another's in the place of ${shell}'s stays, and is named`, async (t) => {
    const script = join(home(t, shell), SCRIPTS[shell]);
    mkdirSync(dirname(script), { recursive: true });
    writeFileSync(script, "mine\n");
    for (const word of ["--install", "--uninstall"])
      await assert.rejects(programmed(null, "completion", word), {
        message: `${script} must be completion as gmm-sweep writes it, or not be there, but it is another's: move it away, or write gmm-sweep completion ${shell} > FILE`,
      });
    assert.equal(readFileSync(script, "utf8"), "mine\n");
    assert.equal(existsSync(join(dirname(dirname(script)), ".zshrc")), false);
  });
}

test("an older script of ours gives way to that of this version", async (t) => {
  const script = join(home(t, "fish"), SCRIPTS.fish);
  mkdirSync(dirname(script), { recursive: true });
  writeFileSync(script, "# fish completion for gmm-sweep\n");
  assert.match(await said("--install"), /: written\n/);
  assert.equal(readFileSync(script, "utf8"), await said("fish"));
});

test("the start file of zsh gets its line once, and is as it was without it: its lines, its mode, its link", async (t) => {
  const cwd = home(t, "zsh");
  const [file, link] = [join(cwd, "dotfiles"), join(cwd, ".zshrc")];
  writeFileSync(file, "setopt autocd\n# no newline at the end");
  chmodSync(file, 0o600);
  symlinkSync(file, link);
  await said("--install");
  await said("--install");
  const lines = readFileSync(link, "utf8").split("\n");
  assert.equal(lines.filter((line) => line.includes("gmm-sweep")).length, 1);
  assert.deepEqual(lines.slice(0, 2), ["setopt autocd", "# no newline at the end"]);
  await said("--uninstall");
  assert.equal(readFileSync(file, "utf8"), "setopt autocd\n# no newline at the end\n");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(cwd).sort(), [".local", ".zshrc", "dotfiles"]);
});

test("shells that say where they look are heard", async (t) => {
  const cwd = home(t, "zsh");
  const at = (name: string): string => join(cwd, name);
  Object.assign(process.env, { XDG_DATA_HOME: at("d"), XDG_CONFIG_HOME: at("c"), BASH_COMPLETION_USER_DIR: at("b") });
  mkdirSync(at("z"));
  process.env["ZDOTDIR"] = at("z");
  for (const shell of ["bash", "zsh", "fish"]) await said(shell, "--install");
  for (const path of ["b/completions/gmm-sweep", "d/gmm-sweep/zsh/_gmm-sweep", "z/.zshrc"])
    assert.ok(existsSync(at(path)), path);
  assert.ok(existsSync(at("c/fish/completions/gmm-sweep.fish")));
});

test("a $SHELL that is none of the three is refused, and so are both words at once, and none", async (t) => {
  home(t, "/bin/tcsh");
  await assert.rejects(said("--install"), {
    message:
      "SHELL must be one of bash, zsh, fish, got none, and $SHELL is tcsh: write gmm-sweep completion bash --install",
  });
  await assert.rejects(said("--install", "--uninstall"), /--install must not be given with --uninstall/);
  await assert.rejects(said(), /^SweepError: SHELL must be given, one of bash, zsh, fish, got none/);
});

/** Programs that start a shell as a user's and print what it offers for `gmm-sweep gri`. */
const STARTED = {
  bash: [
    "-c",
    // As bash-completion loads what completes a command: by its name, from the user's folder.
    `source "$HOME/.local/share/bash-completion/completions/gmm-sweep"; complete -p gmm-sweep; COMP_WORDS=(gmm-sweep gri); COMP_CWORD=1; _gmm_sweep; echo "\${COMPREPLY[@]}"`,
  ],
  zsh: ["-i", "-c", "print -- $_comps[gmm-sweep]; whence -w _gmm_sweep"],
  fish: ["-i", "-c", 'complete -C "gmm-sweep gri"'],
} as const;

const OFFERED = {
  bash: /^complete .*gmm-sweep\ngrid\n$/,
  zsh: /^_gmm_sweep\n_gmm_sweep: function\n$/,
  fish: /^grid\t/m,
};

for (const shell of ["bash", "zsh", "fish"] as const) {
  const there = spawnSync(shell, ["--version"]).error === undefined;
  test(`a new ${shell} completes after the installation, without a word more`, {
    skip: there ? false : `${shell} is not installed`,
  }, async (t) => {
    const cwd = home(t, shell);
    await said("--install");
    // fish completes what it finds alone.
    symlinkSync(CLI, join(cwd, "gmm-sweep"));
    const { status, stdout, stderr } = spawnSync(shell, [...STARTED[shell]], {
      ...{ cwd, encoding: "utf8", input: "" },
      env: { HOME: cwd, PATH: `${cwd}:${process.env["PATH"]}`, TERM: "dumb" },
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, OFFERED[shell]);
  });
}
