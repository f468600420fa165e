/** Section `engines`: what an epoch takes on each engine that loads here, in each of its precisions. */
import type { Engine } from "../../src/engine/contract.js";
import { ENGINE_NAMES, loadEngine, precisionsOf } from "../../src/engine/engines.js";
import { loadFused } from "../../src/engine/fused/fused.js";
import { messageOf } from "../../src/errors.js";
import { type Finding, type Findings, significant } from "./finding.js";
import { type Contestant, median, repeated, sampleRates } from "./sampling.js";
import type { BenchOptions, Section } from "./section.js";
import { EPOCHS, NOTEBOOK_SHAPE, shapeText, type Task, taskOf, train } from "./task.js";

const LEAST_EPOCHS = 10; // at once: what comes before the first epoch and after the last is small beside so many
const TRAINING_MS = 200;

export const enginesSection: Section = {
  name: "engines",
  describe: "an epoch of original on each engine that loads, on one core, beside the default engine",
  run,
};

async function run({ seconds, progress }: BenchOptions): Promise<Findings> {
  const task = taskOf(NOTEBOOK_SHAPE);
  const fused = trainingContestant(loadFused({ precision: "f32" }), task);
  const findings: Finding[] = [];
  const leftOut: string[] = [];
  for (const name of ENGINE_NAMES) {
    for (const precision of precisionsOf(name)) {
      progress(`engines: ${name}, ${precision}`);
      try {
        const engine = await loadEngine({ name, precision, isa: null });
        const samples = await sampleRates([fused, trainingContestant(engine, task)], seconds);
        findings.push(findingOf(`${name}, ${engine.profile}`, samples));
      } catch (error) {
        leftOut.push(`${name} (${messageOf(error)})`);
      }
    }
  }
  return { findings, notes: [`each on ${shapeText(NOTEBOOK_SHAPE)}`], leftOut };
}

/** Work is epochs, of trainings that are long enough for their beginning and end to be small in them. */
function trainingContestant(engine: Engine, task: Task): Contestant {
  train(engine, task, 1); // compiles what is compiled at first use
  const began = performance.now();
  train(engine, task, 2);
  const epochMs = (performance.now() - began) / 2;
  const epochs = Math.max(LEAST_EPOCHS, Math.min(EPOCHS, Math.round(TRAINING_MS / epochMs)));
  return repeated((count) => {
    for (let i = 0; i < count; i++) train(engine, task, epochs);
  }, epochs);
}

function findingOf(what: string, samples: readonly (readonly number[])[]): Finding {
  return {
    what,
    measured: 1 / median(samples.map(([, rate]) => rate)),
    unit: "ms/epoch",
    ratio: median(samples.map(([fused, rate]) => fused / rate)),
    ratioIs: "times",
    against: `fused f32, ${significant(1 / median(samples.map(([fused]) => fused)))}`,
    target: null,
  };
}
