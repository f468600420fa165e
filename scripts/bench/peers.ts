/** Section `peers`: a trial of `original` on the fused engine against the same in other libraries, each on one core. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadFused } from "../../src/engine/fused/fused.js";
import { messageOf } from "../../src/errors.js";
import { type Finding, type Findings, significant } from "./finding.js";
import { peakContestant } from "./kernels.js";
import { PeerProcess, writeTask } from "./peer-process.js";
import { type Contestant, median, repeated, sampleRates } from "./sampling.js";
import type { BenchOptions, Section } from "./section.js";
import { EPOCHS, flopPerEpoch, NOTEBOOK_SHAPE, type Task, taskOf, trainTrials } from "./task.js";

interface PeerPlan {
  readonly what: string;
  /** A script beside peer.py, or one of ours in the built tree. */
  readonly script: string;
  /** Of all forms the fastest counts. */
  readonly forms: readonly string[];
  readonly atLeast: number;
}

const PLANS: readonly PeerPlan[] = [
  { what: "PyTorch, the notebook's code", script: "pytorch_notebook.py", forms: ["notebook"], atLeast: 20 },
  { what: "PyTorch at its best", script: "pytorch_compiled.py", forms: ["one", "two"], atLeast: 5 },
  { what: "JAX at its best", script: "jax_scan.py", forms: ["whole", "halves", "two"], atLeast: 2 },
  { what: "tfjs on WASM", script: "tfjs.js", forms: ["wasm"], atLeast: 200 },
  { what: "tfjs-node on TensorFlow", script: "tfjs.js", forms: ["tensorflow"], atLeast: 30 },
];

/** The Python scripts are not compiled: dist has none. */
const PYTHON_PEERS = fileURLToPath(new URL("../../../scripts/peers/", import.meta.url));
const NODE_PEERS = fileURLToPath(new URL("../peers/", import.meta.url));

export const peersSection: Section = {
  name: "peers",
  describe: "a trial of original on the fused engine against PyTorch, JAX and TensorFlow.js, each on one core",
  run,
};

/** What a peer ran beside: rates in epochs/ms, the peak in that of an epoch's products. */
interface Match {
  readonly form: string;
  readonly ours: number;
  readonly theirs: number;
  /** Medians of what was measured within one sample. */
  readonly ratio: number;
  readonly ratioAtPeak: number;
  readonly oursOfPeak: number;
}

async function run(options: BenchOptions): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), "gmm-sweep-bench-"));
  const task = taskOf(NOTEBOOK_SHAPE);
  const findings: Finding[] = [];
  const notes: string[] = [];
  const leftOut: string[] = [];
  try {
    writeTask(task, folder);
    for (const plan of PLANS) {
      const matches: Match[] = [];
      for (const form of plan.forms) {
        options.progress(`peers: ${plan.what}, ${form}`);
        try {
          matches.push(await match(plan, form, { folder, task, options }));
        } catch (error) {
          leftOut.push(`${plan.what}, ${form} (${messageOf(error)})`);
        }
      }
      if (matches.length === 0) continue;
      const best = matches.reduce((a, b) => (a.theirs > b.theirs ? a : b));
      findings.push(findingOf(plan, best));
      notes.push(...limitOf(plan, best));
      notes.push(...(matches.length === 1 ? [] : [formsSentence(plan, matches)]));
    }
    return { findings, notes, leftOut };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Surroundings {
  readonly folder: string;
  readonly task: Task;
  readonly options: BenchOptions;
}

async function match(plan: PeerPlan, form: string, { folder, task, options }: Surroundings): Promise<Match> {
  const peer = await startPeer(plan, [folder, form], options.python);
  try {
    const engine = loadFused({ precision: "f32" });
    const { n, k } = task.draw.rows;
    const flop = flopPerEpoch(NOTEBOOK_SHAPE, n + k);
    const peak = peakContestant(engine.kernel);
    const contestants: Contestant[] = [
      repeated((count) => trainTrials(engine, task, count), EPOCHS),
      // A slice of theirs may be a whole trial, whose notebook's form takes seconds.
      (ms) => peer.train(ms / 1000),
      async (ms) => {
        const { work, ms: took } = await peak(ms);
        return { work: work / flop, ms: took };
      },
    ];
    const samples = await sampleRates(contestants, options.seconds);
    const over = (figure: (rates: number[]) => number): number => median(samples.map(figure));
    return {
      form: peer.name,
      ours: over(([ours]) => ours),
      theirs: over(([, theirs]) => theirs),
      ratio: over(([ours, theirs]) => ours / theirs),
      ratioAtPeak: over(([, theirs, atPeak]) => atPeak / theirs),
      oursOfPeak: over(([ours, , atPeak]) => ours / atPeak),
    };
  } finally {
    peer.close();
  }
}

function startPeer({ script }: PeerPlan, words: readonly string[], python: string | null): Promise<PeerProcess> {
  if (script.endsWith(".js")) return PeerProcess.start(process.execPath, [join(NODE_PEERS, script), ...words]);
  if (python === null) throw new Error("give --python PYTHON, one that has torch and jax");
  return PeerProcess.start(python, ["-B", join(PYTHON_PEERS, script), ...words]);
}

function findingOf({ what, atLeast }: PeerPlan, { ours, theirs, ratio }: Match): Finding {
  return {
    what,
    measured: 1 / theirs,
    unit: "ms/epoch",
    ratio,
    ratioIs: "times",
    against: `fused, ${significant(1 / ours)}`,
    target: { atLeast },
  };
}

/** Where a target is beyond the roofline, or near it: what the peak itself would give. */
function limitOf({ what, atLeast }: PeerPlan, { ratio, ratioAtPeak, oursOfPeak }: Match): string[] {
  if (ratio >= atLeast) return [];
  const asked =
    ratioAtPeak < atLeast ? "is beyond this core" : `asks for ${percent(atLeast / ratioAtPeak)} of the peak`;
  return [
    `${what}: multiply-adds at their peak and nothing else would be ${significant(ratioAtPeak)} × as fast as it, ` +
      `so ${atLeast} × ${asked}; ` +
      `it runs at ${percent(1 / ratioAtPeak)} of the peak, fused at ${percent(oursOfPeak)}`,
  ];
}

function formsSentence({ what }: PeerPlan, matches: readonly Match[]): string {
  return `${what}: ${matches.map(({ form, theirs }) => `${form} ${significant(1 / theirs)} ms/epoch`).join("; ")}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
