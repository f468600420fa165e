/**
 * The fused engine's addon: the one that came with the package where it was made of these sources and loads here, else it
 * is compiled where a compiler is, unless it is newer than its sources. It never fails: without the addon the WebAssembly
 * kernel runs. npm install --build-from-source=gmm-sweep compiles it in any case.
 */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { FOLDER, isPrebuilt, PREBUILT, sources } from "./addon-sources.mjs";

const addon = join(FOLDER, "build", "Release", "fused.node");
const MOST_LINES = 3; // of what a failed compilation says

/** When the newest of the addon's sources changed. */
function sourcesChanged() {
  return Math.max(...sources().map((name) => statSync(join(FOLDER, name)).mtimeMs));
}

/** Whether the addon that came with the package does for this machine; one of other sources is taken away, since nobody must compute with it. */
function hasPrebuilt() {
  if (!isPrebuilt()) {
    rmSync(PREBUILT, { recursive: true, force: true });
    return false;
  }
  if (["true", "gmm-sweep"].includes(process.env.npm_config_build_from_source ?? "")) return false;
  try {
    return createRequire(import.meta.url)(join(PREBUILT, "fused.node")).isas().length > 0;
  } catch {
    return false; // another C library than it was made for
  }
}

function build() {
  const nodeGyp = process.env.npm_config_node_gyp; // npm brings its own, and says where
  if (nodeGyp === undefined) return "node-gyp was not found: run this as npm run install";
  const jobs = String(availableParallelism());
  const words = [nodeGyp, "rebuild", "--directory", FOLDER, "--jobs", jobs];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (status === 0) return null;
  const errors = `${stdout}${stderr}`.split("\n").filter((line) => /error|not found/i.test(line));
  return errors.slice(0, MOST_LINES).join("\n");
}

const isCompiled = existsSync(addon) && statSync(addon).mtimeMs >= sourcesChanged();
// What was compiled here is loaded first, and must not be of older sources.
if (!isCompiled) rmSync(join(FOLDER, "build"), { recursive: true, force: true });
if (!isCompiled && !hasPrebuilt()) {
  const problem = build();
  if (problem !== null) {
    rmSync(join(FOLDER, "build"), { recursive: true, force: true });
    const other = isPrebuilt()
      ? "the one that came with the package will be used where it loads"
      : "the WebAssembly kernel will be used, at a fraction of the speed";
    console.error(
      `${problem}\ngmm-sweep: the addon could not be compiled, so ${other}; with make and a C++ compiler, npm run install tries again`,
    );
  }
}
