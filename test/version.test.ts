/** `--version` is asked by tools again and again: what it loads is what it takes. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { VERSION } from "../src/version.js";
import { CLI, programmed } from "./command-line.js";
import { modulesLoaded, packagesLoaded } from "./loaded.js";

test("--version loads no package, and of the program the edge alone", () => {
  assert.deepEqual(packagesLoaded(CLI, "--version"), []);
  const ours = modulesLoaded(CLI, "--version").filter((path) => path.startsWith("dist/"));
  assert.ok(ours.includes("dist/src/cli.js"));
  assert.ok(ours.length <= 10, ours.join("\n"));
});

test("what --version says is what it says beside a command, too", async () => {
  assert.equal(execFileSync(process.execPath, [CLI, "--version"], { encoding: "utf8" }), `${VERSION}\n`);
  assert.equal((await programmed(null, "grid", "--version")).out, `${VERSION}\n`);
});

test("what is needed by some commands only is loaded by none else", () => {
  const loaded = packagesLoaded(CLI, "--help");
  assert.ok(loaded.includes("yargs"));
  for (const name of ["vega", "vega-lite", "@resvg/resvg-js", "pdfkit", "@tensorflow/tfjs-core", "pg", "yaml"])
    assert.ok(!loaded.includes(name), `${name} is among ${loaded.join(", ")}`);
});
