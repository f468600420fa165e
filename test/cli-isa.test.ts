/** GMM_SWEEP_ISA from end to end: the kernels of a numerics profile give one digest, and what names no kernel is refused. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { kernelReports } from "../src/engine/fused/fused.js";
import { ISAS, type Isa, type Kernel } from "../src/engine/fused/kernel.js";
import { CLI, type Ended, folder, type RunObject, started, TINY } from "./command-line.js";

const SWEEP = ["run", ...TINY.map((word) => (word === "reference" ? "fused" : word)), "--trials", "2", "--json"];

const kernels: Kernel[] = [];
const refused: [isa: string, code: number, said: string][] = [
  ["avx1024", 2, `GMM_SWEEP_ISA must be one of ${ISAS.join(", ")}, got avx1024`],
];
for (const report of kernelReports()) {
  if ("kernel" in report) kernels.push(report.kernel);
  else {
    const { isa, reason } = report;
    test(`the digest with GMM_SWEEP_ISA=${isa}`, { skip: reason }, () => {});
    refused.push([
      isa,
      3,
      `no kernel of the fused engine loads here (${isa}: ${reason}); use --engine reference, or npm rebuild with a C++ compiler`,
    ]);
  }
}

function sweepOn(isa: string, cwd: string, precision: string): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...SWEEP, "--precision", precision], {
    cwd,
    env: { ...process.env, GMM_SWEEP_ISA: isa },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return started(child).ended;
}

async function digestOn(isa: Isa, t: TestContext, precision: string): Promise<string> {
  const { code, out, err } = await sweepOn(isa, folder(t), precision);
  assert.equal(code, 0, err);
  const { digest, trained } = JSON.parse(out) as RunObject;
  assert.equal(trained, 8, `trial rows of ${isa}: two of each method`);
  return digest;
}

// Each test waits for processes of its own: two at a time use both cores.
describe("GMM_SWEEP_ISA", { concurrency: 2 }, () => {
  for (const precision of ["f32", "f64"]) {
    test(`kernels with fused multiply-add give one digest, those without another one, ${precision}`, async (t) => {
      const digests = new Map<boolean, string>();
      for (const { isa, fusedMultiplyAdd } of kernels) {
        const digest = await digestOn(isa, t, precision);
        assert.equal(digest, digests.get(fusedMultiplyAdd) ?? digest, `${isa} and the first of its profile`);
        digests.set(fusedMultiplyAdd, digest);
      }
      assert.equal(new Set(digests.values()).size, digests.size);
    });
  }

  for (const [isa, exitCode, said] of refused) {
    test(`refused with one sentence, exit code ${exitCode} and nothing written: GMM_SWEEP_ISA=${isa}`, async (t) => {
      const cwd = folder(t);
      const { code, out, err } = await sweepOn(isa, cwd, "f32");
      assert.deepEqual([code, out, err], [exitCode, "", `gmm-sweep: ${said}\n`]);
      assert.deepEqual(readdirSync(cwd), []);
    });
  }
});
