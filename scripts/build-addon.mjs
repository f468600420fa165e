/** Compiles the fused engine's addon where a compiler is, unless it is newer than its sources. It never fails: without the addon the WebAssembly kernel runs. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../src/engine/fused/", import.meta.url));
const addon = join(folder, "build", "Release", "fused.node");
const MOST_LINES = 3; // of what a failed compilation says

/** When the newest of the addon's sources changed. */
function sourcesChanged() {
  const sources = readdirSync(folder).filter((name) => /\.(cc|h|gyp)$/.test(name));
  return Math.max(...sources.map((name) => statSync(join(folder, name)).mtimeMs));
}

function build() {
  const nodeGyp = process.env.npm_config_node_gyp; // npm brings its own, and says where
  if (nodeGyp === undefined) return "node-gyp was not found: run this as npm run install";
  const jobs = String(availableParallelism());
  const words = [nodeGyp, "rebuild", "--directory", folder, "--jobs", jobs];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (status === 0) return null;
  const errors = `${stdout}${stderr}`.split("\n").filter((line) => /error|not found/i.test(line));
  return errors.slice(0, MOST_LINES).join("\n");
}

if (!existsSync(addon) || statSync(addon).mtimeMs < sourcesChanged()) {
  const problem = build();
  if (problem !== null) {
    rmSync(join(folder, "build"), { recursive: true, force: true });
    console.error(
      `${problem}\ngmm-sweep: the addon could not be compiled, so the WebAssembly kernel will be used, at a fraction of the speed; with make and a C++ compiler, npm run install tries again`,
    );
  }
}
