/** `npm run bench`: what an epoch costs on each engine that loads, and in PyTorch, measured in one run, as ratios. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { configFrom } from "../src/config.js";
import { exportDraw } from "../src/data/directory.js";
import { loadDraw } from "../src/data/source.js";
import type { Engine } from "../src/engine/contract.js";
import { ENGINE_NAMES, loadEngine, precisionsOf } from "../src/engine/engines.js";
import { messageOf, SweepError } from "../src/errors.js";
import { specOf } from "../src/plan.js";
import { alignedTable } from "../src/report/table.js";
import { freshParameters, trainTrajectory } from "../src/trajectory.js";

const USAGE = `usage: npm run bench -- [--json] [--python PYTHON]
  --json           one JSON object instead of the table
  --python PYTHON  a Python with torch: also times PyTorch on the notebook's loop
`;

const SAMPLE_MS = 2000; // an engine is timed for at least as long
const PYTORCH_EPOCHS = 100;

/** The median time of an epoch of `original` at the default shape: 10-64-32-2, n = 5000. */
interface Measurement {
  readonly name: string;
  readonly msPerEpoch: number;
}

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    python: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
async function bench(json: boolean, python: string | null): Promise<void> {
  const engines = await loadable();
  const measured = [...engines.map(measure), ...(python === null ? [] : [measurePyTorch(python)])];
  const fastest = Math.min(...measured.map(({ msPerEpoch }) => msPerEpoch));
  const results = measured.map(({ name, msPerEpoch }) => ({
    name,
    ms_per_epoch: msPerEpoch,
    times_the_fastest: msPerEpoch / fastest,
  }));
  const machine = `${cpus()[0]?.model ?? "unknown processor"} × ${cpus().length}, Node ${process.versions.node}`;
  if (json) process.stdout.write(`${JSON.stringify({ machine, shape: "10-64-32-2", samples: 5000, results })}\n`);
  else {
    const rows = results.map((row) => [row.name, row.ms_per_epoch.toFixed(2), row.times_the_fastest.toFixed(1)]);
    process.stdout.write(
      `${machine}; 10-64-32-2, n = 5000, one core\n\n${alignedTable(["engine", "ms/epoch", "× the fastest"], rows)}`,
    );
  }
}

/** The engines this machine has, each once: two names may lead to one. */
async function loadable(): Promise<Engine[]> {
  const engines = new Map<string, Engine>();
  for (const name of ENGINE_NAMES) {
    try {
      const engine = await loadEngine({ name, precision: precisionsOf(name)[0], isa: null });
      engines.set(engine.profile, engine);
    } catch (error) {
      if (!(error instanceof SweepError)) throw error;
      process.stderr.write(`left out: ${name} (${messageOf(error)})\n`);
    }
  }
  return [...engines.values()];
}

function measure(engine: Engine): Measurement {
  const spec = specOf(configFrom({}), "original", 1, 1);
  const draw = loadDraw(spec.draw);
  const start = freshParameters(spec);
  const never = new Int32Array(new SharedArrayBuffer(4));
  const train = (epochs: number): number => {
    const began = performance.now();
    trainTrajectory({ ...spec, asked: [epochs] }, engine, draw, start, never);
    return (performance.now() - began) / epochs;
  };
  const warm = Math.min(train(2), train(2));
  const epochs = Math.max(2, Math.min(100, Math.round(SAMPLE_MS / 5 / warm)));
  const samples: number[] = [];
  for (let total = 0; total < SAMPLE_MS || samples.length < 3; total += (samples.at(-1) ?? 0) * epochs)
    samples.push(train(epochs));
  samples.sort((a, b) => a - b);
  return { name: engine.profile, msPerEpoch: samples[Math.floor(samples.length / 2)] };
}

function measurePyTorch(python: string): Measurement {
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-bench-"));
  try {
    exportDraw(loadDraw(configFrom({}).draw), folder);
    const output = execFileSync(python, ["scripts/pytorch_notebook.py", folder, String(PYTORCH_EPOCHS)], {
      encoding: "utf8",
    });
    return JSON.parse(output) as Measurement;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (values.help) process.stdout.write(USAGE);
else await bench(values.json, values.python ?? null);
