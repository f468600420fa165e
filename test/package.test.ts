/** The package: what package.json promises, and what stands in the repository's root. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
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
