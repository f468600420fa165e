/**
 * Installs @tensorflow/tfjs-node on the TensorFlow of PyPI's wheel, for machines where tfjs-node's own installer cannot
 * reach its vendor's host (and gets TensorFlow 2.9 of 2022 where it can). Needs npm, python3 with pip, and a C++ compiler;
 * changes node_modules only. Run again, it goes on from what is there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const TENSORFLOW = "2.21.0"; // the version whose headers tfjs-node 4.22.0 was tried against
const NAPI = 8; // the highest Node-API that tfjs-node 4.22.0 declares
const WHEELS = {
  // PyPI has no tensorflow-cpu for arm64; the plain package is without CUDA there
  x64: { name: "tensorflow-cpu", platform: "manylinux_2_27_x86_64" },
  arm64: { name: "tensorflow", platform: "manylinux_2_27_aarch64" },
};
const FROM_WHEEL = [
  "tensorflow/libtensorflow_cc.so.2",
  "tensorflow/libtensorflow_framework.so.2",
  "tensorflow/include/",
];
const UNPACK = `
import sys, zipfile
wheel, target, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as z:
    z.extractall(target, [name for name in z.namelist() if name.startswith(tuple(wanted))])
`;
const LOAD = `
const util = require("node:util");
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = require("@tensorflow/tfjs-node");
if (tf.getBackend() !== "tensorflow") throw new Error("it chose the backend " + tf.getBackend());
tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).dataSync();
process.stdout.write(tf.backend().binding.TF_Version);
`;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tfjsNode = `@tensorflow/tfjs-node@${JSON.parse(readFileSync(join(root, "package.json"), "utf8")).optionalDependencies["@tensorflow/tfjs-node"]}`;

try {
  console.log(install());
} catch (error) {
  console.error(`install-tensorflow: ${error.message}`);
  process.exitCode = 1;
}

/** Does what is missing, step by step; returns what there is to say at the end, throws one sentence. */
function install() {
  const before = load();
  if (before.works) return `${tfjsNode} already works, on TensorFlow ${before.version}`;
  const wheel = process.platform === "linux" ? WHEELS[process.arch] : undefined;
  if (wheel === undefined)
    throw new Error(
      `there is no TensorFlow wheel for it on PyPI that suits ${process.platform} on ${process.arch}; use --engine tfjs, which runs on WASM`,
    );
  const folder = packageFolder() ?? addPackage();
  if (!existsSync(join(folder, "deps", "lib", "libtensorflow_cc.so.2"))) fetchLibraries(folder, wheel);
  build(folder);
  const after = load();
  if (!after.works) throw new Error(`everything was built, but ${tfjsNode} does not load: ${after.reason}`);
  return `${tfjsNode} works, on TensorFlow ${after.version}`;
}

/** Whether tfjs-node loads and computes, in a process of its own because a failed load cannot be tried again. */
function load() {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", LOAD], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" },
  });
  if (status === 0) return { works: true, version: stdout };
  return { works: false, reason: stderr.split("\n").find((line) => line.includes("Error")) ?? `exit code ${status}` };
}

function packageFolder() {
  try {
    return dirname(createRequire(join(root, "package.json")).resolve("@tensorflow/tfjs-node/package.json"));
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    return null;
  }
}

/** Brings tfjs-node back without its installer: where that failed, npm removed the package and said nothing. */
function addPackage() {
  // npm prunes what a folder's package.json does not name, so it is not let loose on a folder that is not our clone.
  if (root.split(sep).includes("node_modules"))
    throw new Error(`run \`npm install --ignore-scripts ${tfjsNode}\` where gmm-sweep is installed, then this again`);
  step(`npm installs ${tfjsNode} without its own installer`);
  run(
    "npm",
    ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", tfjsNode],
    root,
    "npm could not install it",
  );
  // An optional dependency that npm cannot fetch is no failure to npm.
  return packageFolder() ?? fail(`npm could not fetch ${tfjsNode} from its registry`);
}

/** Puts the wheel's libraries and headers into the package's deps; both are moved in whole, or not at all. */
function fetchLibraries(folder, { name, platform }) {
  const scratch = join(folder, ".install-tensorflow");
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  try {
    step(`pip downloads ${name} ${TENSORFLOW} (about 280 MB) from PyPI`);
    const wanted = [
      "--no-deps",
      "--only-binary=:all:",
      "--python-version",
      "3.11",
      "--implementation",
      "cp",
      "--platform",
      platform,
      "--dest",
      scratch,
      `${name}==${TENSORFLOW}`,
    ];
    run(
      "python3",
      ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", ...wanted],
      scratch,
      `pip could not fetch ${name} ${TENSORFLOW} from PyPI`,
    );
    step("unpacking its libraries and headers (about 1 GB)");
    const wheel = `${name.replace("-", "_")}-${TENSORFLOW}-cp311-cp311-${platform}.whl`;
    run(
      "python3",
      ["-c", UNPACK, join(scratch, wheel), scratch, ...FROM_WHEEL],
      scratch,
      "the wheel could not be unpacked",
    );
    const lib = join(scratch, "deps", "lib");
    mkdirSync(lib, { recursive: true });
    for (const [library, link] of [
      ["libtensorflow_cc.so.2", "libtensorflow.so"],
      ["libtensorflow_framework.so.2", "libtensorflow_framework.so"],
    ]) {
      renameSync(join(scratch, "tensorflow", library), join(lib, library));
      symlinkSync(library, join(lib, link)); // for the linker; at run time each is found by its own name
    }
    renameSync(join(scratch, "tensorflow", "include"), join(scratch, "deps", "include"));
    rmSync(join(folder, "deps"), { recursive: true, force: true });
    renameSync(join(scratch, "deps"), join(folder, "deps"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Compiles tfjs-node's addon against deps. */
function build(folder) {
  step("node-gyp builds tfjs-node's addon");
  const output = join(folder, "lib", `napi-v${NAPI}`);
  const options = ["--module_name=tfjs_binding", `--module_path=${output}`, `--napi_build_version=${NAPI}`];
  // Node's own headers, where they lie beside it, spare node-gyp a download.
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, "include", "node", "node_version.h"))) options.push(`--nodedir=${prefix}`);
  try {
    run(
      "npx",
      ["--yes", "node-gyp", "rebuild", ...options],
      folder,
      "node-gyp could not build the addon (it needs python3, make and a C++ compiler)",
    );
  } finally {
    rmSync(join(folder, "build"), { recursive: true, force: true });
  }
}

function run(command, args, cwd, failure) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (error?.code === "ENOENT") fail(`${failure}: there is no ${command} on this machine`);
  if (status === 0) return;
  const lines = `${stdout ?? ""}\n${stderr ?? ""}`
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const said =
    lines.findLast((line) => /\berror\b|ERR!/i.test(line)) ?? lines.at(-1) ?? error?.message ?? `exit code ${status}`;
  fail(`${failure}: ${said}`);
}

function step(text) {
  console.error(`install-tensorflow: ${text}`);
}

function fail(sentence) {
  throw new Error(sentence);
}
