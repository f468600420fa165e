/** Which addon trains: compiled here, prebuilt with the package, or none, so that WebAssembly does; the bits are the same. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { folder, gmm } from "./command-line.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const HERE = join(ROOT, "src", "engine", "fused");
const COMPILED = join(HERE, "build", "Release", "fused.node");
const TAG = join("prebuilt", `${process.platform}-${process.arch}`);
/** One that npm run prebuild has made, or else the compiled one in its place. */
const PREBUILT = [join(HERE, TAG, "fused.node"), COMPILED].find((path) => existsSync(path));
const skip = PREBUILT === undefined ? "no addon is here" : false;

/** The package without any addon. */
function bare(t: TestContext): string {
  const copy = folder(t);
  const isLeftOut = (path: string): boolean => /fused\/(build|prebuilt)$|dist\/(test|scripts|types)$/.test(path);
  for (const name of ["package.json", "dist", "src", "scripts"])
    cpSync(join(ROOT, name), join(copy, name), { recursive: true, filter: (path) => !isLeftOut(path) });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  return copy;
}

function placePrebuilt(copy: string, bytes: Uint8Array, sources: string): void {
  const place = join(copy, "src", "engine", "fused", TAG);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "fused.node"), bytes);
  writeFileSync(join(place, "sources.txt"), `${sources}\n`);
}

interface Line {
  readonly name: string;
  readonly works: boolean;
  readonly detail: string;
}

/** What the package of a folder says of the addon, and the digest of what it trains. */
function asked(copy: string, cwd: string): { readonly addon: Line | undefined; readonly digest: string } {
  const program = (...words: readonly string[]): string =>
    execFileSync(process.execPath, [join(copy, "dist", "src", "cli.js"), ...words], { cwd, encoding: "utf8" });
  const lines = JSON.parse(program("doctor", "--json")) as Line[];
  rmSync(join(cwd, "data"), { recursive: true, force: true });
  const { digest } = JSON.parse(program(...SWEEP)) as { digest: string };
  return { addon: lines.find(({ name }) => name === "kernel addon"), digest };
}

const SWEEP = [
  ...["run", "--trials", "2", "--samples", "138", "--features", "7", "--hidden", "37,18", "--forget-rows", "3"],
  ...["--workers", "1", "--json", "--quiet"],
];

test("doctor says whether the addon is prebuilt or compiled, or that WebAssembly runs; each gives the same digest", {
  skip,
}, async (t) => {
  const [copy, cwd] = [bare(t), folder(t)];
  const { digest } = JSON.parse((await gmm(cwd, ...SWEEP)).out) as { digest: string };
  const wasm = asked(copy, cwd);
  assert.equal(wasm.addon?.works, false);
  assert.match(
    wasm.addon?.detail ?? "",
    /none was compiled here, and none came with the package .*; the WebAssembly kernel runs in its place$/,
  );
  placePrebuilt(copy, readFileSync(PREBUILT as string), "");
  const prebuilt = asked(copy, cwd);
  assert.deepEqual([prebuilt.addon?.works, prebuilt.addon?.detail], [true, "prebuilt, as it came with the package"]);
  mkdirSync(join(copy, "src/engine/fused/build/Release"), { recursive: true });
  cpSync(
    existsSync(COMPILED) ? COMPILED : (PREBUILT as string),
    join(copy, "src/engine/fused/build/Release/fused.node"),
  );
  const compiled = asked(copy, cwd);
  assert.deepEqual([compiled.addon?.works, compiled.addon?.detail], [true, "compiled on this machine"]);
  assert.deepEqual([wasm.digest, prebuilt.digest, compiled.digest], [digest, digest, digest]);
});

/** Runs the script of an installation, without the compiler of npm; what it says. */
function installed(copy: string): string {
  const { npm_config_node_gyp: _gyp, npm_config_build_from_source: _from, ...env } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [join(copy, "scripts", "build-addon.mjs")], {
    ...{ env, encoding: "utf8" },
  });
  assert.equal(status, 0);
  return stderr;
}

async function digestOfSources(copy: string): Promise<string> {
  const program = `import("${join(copy, "scripts", "addon-sources.mjs")}").then((it) => console.log(it.sourcesDigest()))`;
  return execFileSync(process.execPath, ["-e", program], { encoding: "utf8" }).trim();
}

test("an installation compiles nothing where the prebuilt addon is of its sources and loads", { skip }, async (t) => {
  const copy = bare(t);
  placePrebuilt(copy, readFileSync(PREBUILT as string), await digestOfSources(copy));
  assert.equal(installed(copy), "");
  assert.ok(existsSync(join(copy, "src/engine/fused", TAG, "fused.node")));
});

test("a prebuilt addon of other sources is taken away, since its bits may be others", { skip }, async (t) => {
  const copy = bare(t);
  placePrebuilt(copy, readFileSync(PREBUILT as string), await digestOfSources(copy));
  const source = join(copy, "src/engine/fused/kernel.cc");
  writeFileSync(source, `${readFileSync(source, "utf8")}\n`);
  assert.match(installed(copy), /could not be compiled, so the WebAssembly kernel will be used/);
  assert.equal(existsSync(join(copy, "src/engine/fused", TAG)), false);
});

test("a prebuilt addon that does not load here is compiled in place of, and ends nothing", async (t) => {
  const copy = bare(t);
  placePrebuilt(copy, Buffer.from("no addon"), await digestOfSources(copy));
  assert.match(installed(copy), /could not be compiled/);
  const { addon } = asked(copy, folder(t));
  assert.equal(addon?.works, false);
});

test("what was compiled of older sources is taken away where the prebuilt one takes its place", { skip }, async (t) => {
  const copy = bare(t);
  placePrebuilt(copy, readFileSync(PREBUILT as string), await digestOfSources(copy));
  const release = join(copy, "src/engine/fused/build/Release");
  mkdirSync(release, { recursive: true });
  writeFileSync(join(release, "fused.node"), "of old");
  execFileSync("touch", ["-d", "1990-01-01", join(release, "fused.node")]);
  assert.equal(installed(copy), "");
  assert.equal(existsSync(release), false);
});
