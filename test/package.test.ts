/** The package: what package.json promises, and what stands in the repository's root. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What the user fixed as the visible root, and what may be missing of it. */
const VISIBLE_ROOT = [
  "CHANGELOG.md",
  "CITATION.cff",
  "LICENSE",
  "README.md",
  "data",
  "package-lock.json",
  "package.json",
  "scripts",
  "src",
  "test",
  "tsconfig.json",
  "workers",
];

interface Package {
  readonly type: string;
  readonly license: string;
  readonly engines: Record<string, string>;
  readonly bin: Record<string, string>;
  readonly scripts: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
  readonly version: string;
}

interface Lock {
  readonly packages: Record<string, { readonly hasInstallScript?: boolean; readonly optional?: boolean }>;
}

function json<Content>(name: string): Content {
  return JSON.parse(readFileSync(`${ROOT}${name}`, "utf8")) as Content;
}

const manifest = json<Package>("package.json");

test("the package is ESM for Node 20.19 and later, under MIT, and builds itself when it is installed", () => {
  assert.equal(manifest.type, "module");
  assert.deepEqual(manifest.engines, { node: ">=20.19" });
  assert.equal(manifest.license, "MIT");
  assert.match(readFileSync(`${ROOT}LICENSE`, "utf8"), /^MIT License/);
  assert.equal(manifest.scripts["prepare"], "node scripts/prepare.mjs");
});

test("gmm-sweep is the built command line, which says by its first line what runs it", () => {
  assert.deepEqual(manifest.bin, { "gmm-sweep": "dist/src/cli.js" });
  assert.ok(readFileSync(`${ROOT}dist/src/cli.js`, "utf8").startsWith("#!/usr/bin/env node\n"));
});

test("the dependencies are those that the project chose", () => {
  for (const name of [
    "piscina",
    "yargs",
    "seedrandom",
    "@tensorflow/tfjs-core",
    "@tensorflow/tfjs-backend-wasm",
    "@tensorflow/tfjs-backend-cpu",
  ])
    assert.ok(name in manifest.dependencies, name);
  assert.equal(manifest.dependencies["better-sqlite3"], "^12.11.1", "13 crashes on Node 20 when a database is opened");
  assert.deepEqual(Object.keys(manifest.optionalDependencies), [
    "@resvg/resvg-js",
    "@tensorflow/tfjs-node",
    "better-sqlite3-next",
    "pg",
    "pg-boss",
  ]);
  assert.equal("@tensorflow/tfjs-node" in manifest.dependencies, false);
});

test("allowScripts decides exactly on the packages that have an install script", () => {
  const { packages } = json<Lock>("package-lock.json");
  const scripted = Object.entries(packages).filter(
    ([path, { hasInstallScript }]) => path !== "" && hasInstallScript === true,
  );
  const names = scripted.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
  const decided = Object.keys(manifest.allowScripts);
  // An optional package of another platform has its script in the lock file, and is not installed here.
  const installed = names.filter((_, i) => existsSync(`${ROOT}${scripted[i][0]}`) || decided.includes(names[i]));
  assert.deepEqual([...new Set(installed)].sort(), decided.sort());
  // core-js comes with tfjs-node, and its script only prints an advertisement.
  assert.deepEqual(
    decided.filter((name) => !manifest.allowScripts[name]),
    ["core-js"],
  );
});

test("the changelog speaks of this version", () => {
  assert.ok(readFileSync(`${ROOT}CHANGELOG.md`, "utf8").includes(manifest.version));
});

test("CITATION.cff cites this version, under this licence", () => {
  const citation = parse(readFileSync(`${ROOT}CITATION.cff`, "utf8")) as Record<string, unknown>;
  assert.equal(citation["version"], manifest.version);
  assert.equal(citation["license"], manifest.license);
  assert.equal(citation["cff-version"], "1.2.0");
  assert.ok(Array.isArray(citation["authors"]) && citation["authors"].length > 0);
});

test("the visible root holds what the user fixed, and nothing else", (t) => {
  let files: string;
  try {
    files = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    t.skip("there is no git, or no repository, to ask");
    return;
  }
  const visible = new Set(
    files
      .split("\n")
      .map((path) => path.split("/")[0])
      .filter((name) => name !== "" && !name.startsWith(".")),
  );
  assert.deepEqual(
    [...visible].filter((name) => !VISIBLE_ROOT.includes(name)),
    [],
  );
});

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

/** What npm puts into the package, as paths; no script runs. */
function packed(): string[] {
  const words = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const said = execFileSync("npm", words, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const [{ files }] = Object.values(JSON.parse(said) as Record<string, Packed>);
  return files.map(({ path }) => path);
}

test("what package.json exports is in the package, and of the sources only what is compiled at an installation", () => {
  const files = packed();
  const { exports } = json<{ exports: { ".": Record<string, string> } }>("package.json");
  const entries = Object.values(exports["."]).map((path) => path.replace("./", ""));
  assert.deepEqual(entries, ["dist/types/api/index.d.ts", "dist/src/api/index.js"]);
  for (const path of [...entries, "dist/src/cli.js", "dist/workers/trial.js", "data/many-draws.yaml"])
    assert.ok(files.includes(path), path);
  const others = files.filter((path) => !/^(dist\/(src|types|workers)|data|src\/engine\/fused|scripts)\//.test(path));
  assert.deepEqual(others.sort(), ["CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md", "package.json"]);
  assert.deepEqual(
    files.filter((path) => path.endsWith(".ts") && !path.startsWith("dist/types/")),
    [],
  );
});

test("the package works in a folder away from the repository, with the dependencies that it names and no other file", (t) => {
  const project = mkdtempSync(join(tmpdir(), "gmm-sweep-test-"));
  t.after(() => rmSync(project, { recursive: true }));
  const modules = join(project, "node_modules");
  const place = join(modules, "gmm-sweep");
  for (const path of packed()) cpSync(join(ROOT, path), join(place, path));
  // The addon that this machine compiled is part of an installation.
  const build = join("src", "engine", "fused", "build", "Release", "fused.node");
  if (existsSync(join(ROOT, build))) cpSync(join(ROOT, build), join(place, build));
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(join(modules, name, ".."), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  const node = (...words: readonly string[]): string =>
    execFileSync(process.execPath, words, { cwd: project, encoding: "utf8" });
  const gmm = (...words: readonly string[]): string => node(join(place, manifest.bin["gmm-sweep"]), ...words);
  assert.equal(gmm("--version"), `${manifest.version}\n`);
  const little = ["--data-seeds", "1:3", "--samples", "40", "--features", "3", "--hidden", "6,4", "--trials", "6"];
  const trained = ["--epochs", "unlearn=2,fine_tune=2,original=3,retrain_scratch=3", "--lambda", "1"];
  gmm("grid", "notebook", "night.db", "--preset", "paired", ...little, ...trained, "--with-null", "--quiet");
  assert.match(gmm("verdict", "night.db"), /retraining/);
  const doctor = JSON.parse(gmm("doctor", "--json")) as { name: string; works: boolean }[];
  for (const name of ["SQLite", "engine fused", "engine reference", "engine tfjs"])
    assert.equal(doctor.find((line) => line.name === name)?.works, true, name);
  gmm("plot", "slope", "night.db", "-o", "slope.svg");
  assert.match(readFileSync(join(project, "slope.svg"), "utf8"), /^<svg/);
  const ask = `import { openSweep, verdict } from "gmm-sweep"; const sweep = await openSweep("night.db"); console.log((await verdict(sweep)).length); await sweep.close();`;
  assert.equal(node("--input-type=module", "-e", ask), "1\n");
});

test("nothing is built of a source that is gone", () => {
  const built = packed().filter((path) => /^dist\/(src|workers)\/.*\.js$/.test(path));
  assert.ok(built.length > 300, `${built.length} modules`);
  assert.deepEqual(
    built.filter((path) => !existsSync(join(ROOT, path.replace(/^dist\/(.*)js$/, "$1ts")))),
    [],
  );
});
