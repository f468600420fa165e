/**
 * Makes the addon that the package carries for this platform: compiled as at an installation, in a folder of its own, held
 * against the oldest C library that a supported Node runs on, and against the bits of the WebAssembly from the same source.
 * usage: npm run prebuild; npm pack does it, too
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FOLDER, isPrebuilt, PREBUILT, sources, sourcesDigest } from "./addon-sources.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
/** What Node 20 for Linux needs itself. */
const MOST = { GLIBC: [2, 28], GLIBCXX: [3, 4, 25], CXXABI: [1, 3, 11] };

/** Two sweeps on each path: a usual one, and one of widths that no vector divides. */
const SWEEPS = ["--samples 1000", "--samples 138 --features 7 --hidden 37,18 --forget-rows 3"];
/** Paths that must give the bits of a module of the repository. */
const SAME = { "wasm-relaxed": ["avx512", "avx2", "neon"], wasm: ["baseline"] };

function compile(folder) {
  const nodeGyp = process.env.npm_config_node_gyp;
  if (nodeGyp === undefined) throw new Error("node-gyp was not found: run this as npm run prebuild");
  for (const name of sources()) cpSync(join(FOLDER, name), join(folder, name));
  const words = [nodeGyp, "rebuild", "--directory", folder, "--jobs", String(availableParallelism())];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the addon could not be compiled:\n${stdout}${stderr}`);
  return join(folder, "build", "Release", "fused.node");
}

/** Throws where an addon asks for more than every machine has that runs a supported Node. */
function mustRunAnywhere(addon) {
  if (process.platform !== "linux") return;
  const symbols = execFileSync("objdump", ["-T", addon], { encoding: "utf8" });
  for (const [, name, version] of symbols.matchAll(/\b(GLIBCXX|GLIBC|CXXABI)_([\d.]+)/g)) {
    const [needs, most] = [version.split(".").map(Number), MOST[name]];
    const at = needs.findIndex((number, i) => number !== (most[i] ?? 0));
    if (at !== -1 && needs[at] > (most[at] ?? 0))
      throw new Error(
        `the addon needs ${name}_${version}, which is newer than ${most.join(".")}: compile it on an older Linux`,
      );
  }
}

/** The digest of a sweep on a path; null where this processor does not have it. */
function digest(copy, isa, precision, sweep) {
  rmSync(join(copy, "data"), { recursive: true, force: true });
  const words = [
    "dist/src/cli.js",
    "run",
    "--trials",
    "2",
    ...sweep.split(" "),
    "--precision",
    precision,
    "--json",
    "--quiet",
  ];
  const env = { ...process.env, GMM_SWEEP_ISA: isa };
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: copy, env, encoding: "utf8" });
  const found = /"digest":"([0-9a-f]+)"/.exec(stdout)?.[1];
  if (found !== undefined) return found;
  if (/this processor does not have it/.test(stderr)) return null;
  throw new Error(`${isa} ${precision} ${sweep}:\n${stderr}`);
}

/** Throws where an addon gives other bits than the modules of the repository. */
function mustGiveTheBits(addon, copy) {
  for (const name of ["package.json", "dist", "src"]) cpSync(join(root, name), join(copy, name), { recursive: true });
  const there = join(copy, "src", "engine", "fused");
  for (const name of ["build", "prebuilt"]) rmSync(join(there, name), { recursive: true, force: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const place = join(there, "prebuilt", `${process.platform}-${process.arch}`);
  mkdirSync(place, { recursive: true });
  cpSync(addon, join(place, "fused.node"));
  const held = new Set();
  for (const [module, isas] of Object.entries(SAME))
    for (const precision of ["f32", "f64"])
      for (const sweep of SWEEPS) {
        const wanted = digest(copy, module, precision, sweep);
        for (const isa of isas) {
          const found = digest(copy, isa, precision, sweep);
          if (found === null) continue;
          if (found !== wanted)
            throw new Error(`${isa} ${precision} ${sweep} gives ${found}, ${module} gives ${wanted}`);
          held.add(isa);
        }
      }
  return [...held];
}

if (isPrebuilt()) console.error(`prebuilt already of these sources: ${PREBUILT}`);
else {
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-prebuild-"));
  try {
    const addon = compile(folder);
    mustRunAnywhere(addon);
    if (process.platform === "linux") execFileSync("strip", ["--strip-unneeded", addon]);
    const isas = mustGiveTheBits(addon, join(folder, "copy"));
    mkdirSync(PREBUILT, { recursive: true });
    cpSync(addon, join(PREBUILT, "fused.node"));
    writeFileSync(join(PREBUILT, "sources.txt"), `${sourcesDigest()}\n`);
    console.error(`prebuilt: ${PREBUILT}; ${isas.join(", ")} give the bits of the WebAssembly`);
  } catch (error) {
    // A package without it is whole: the addon is compiled where it is installed. Wrong bits are another matter.
    rmSync(PREBUILT, { recursive: true, force: true });
    if (!/could not be compiled|was not found/.test(error.message)) throw error;
    console.error(`${error.message}\ngmm-sweep: the package will carry no prebuilt addon for this platform`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
