/** Section `kernels`: each kernel of the fused engine against the peak of multiply-adds of its instruction set. */
import type { Engine } from "../../src/engine/contract.js";
import { kernelReports, loadFused } from "../../src/engine/fused/fused.js";
import type { Isa, Kernel } from "../../src/engine/fused/kernel.js";
import type { Finding, Findings, Target } from "./finding.js";
import { type Contestant, median, repeated, sampleRates } from "./sampling.js";
import type { BenchOptions, Section } from "./section.js";
import { EPOCHS, flopPerEpoch, type NetShape, NOTEBOOK_SHAPE, shapeText, taskOf, trainTrials } from "./task.js";

const WIDE: NetShape = { features: 32, hidden: [128, 64], samples: 2000 };
const NARROW: NetShape = { features: 2, hidden: [16, 16], samples: 5000 };
/** Next to nothing of products: what a row costs besides. */
const BARE: NetShape = { features: 1, hidden: [1, 1], samples: 5000 };

const LANES = 16; // kernel.h pads every width to a multiple of so many units
const PEAK_ROUNDS = 1000; // of Kernel.peak at a time: less than a millisecond
const NARROW_TARGET = 0.7;

interface KernelPlan {
  readonly isa: Isa;
  /** Whose peak counts: relaxed SIMD may fuse multiply and add, and is held to the peak without. */
  readonly peakOf: Isa;
  readonly shapes: readonly { readonly shape: NetShape; readonly target: Target | null }[];
}

const wholePlan = (isa: Isa, atLeast: number): KernelPlan => ({
  isa,
  peakOf: isa,
  shapes: [
    { shape: NOTEBOOK_SHAPE, target: { atLeast } },
    { shape: WIDE, target: { atLeast: 0.7 } },
    { shape: NARROW, target: { atLeast: NARROW_TARGET } },
  ],
});
const notebookPlan = (isa: Isa, peakOf: Isa, target: Target | null): KernelPlan => ({
  isa,
  peakOf,
  shapes: [{ shape: NOTEBOOK_SHAPE, target }],
});

const PLANS: readonly KernelPlan[] = [
  wholePlan("avx512", 0.85),
  wholePlan("avx2", 0.8),
  notebookPlan("neon", "neon", null),
  notebookPlan("baseline", "baseline", null),
  notebookPlan("wasm", "wasm", { atLeast: 0.65 }),
  notebookPlan("wasm-relaxed", "wasm", { atLeast: 0.9 }),
];

export const kernelsSection: Section = {
  name: "kernels",
  describe:
    "each kernel of the fused engine, on one core, against the peak of multiply-adds measured in the same sample",
  run,
};

async function run({ seconds, progress }: BenchOptions): Promise<Findings> {
  const kernels = new Map<Isa, Kernel>();
  const leftOut: string[] = [];
  for (const report of kernelReports()) {
    if ("kernel" in report) kernels.set(report.isa, report.kernel);
    else leftOut.push(`${report.isa} (${report.reason})`);
  }
  const findings: Finding[] = [];
  const notes: string[] = [];
  for (const plan of PLANS) {
    const limit = kernels.get(plan.peakOf);
    if (!kernels.has(plan.isa) || limit === undefined) continue;
    progress(`kernels: ${plan.isa}`);
    const measured = await measure(plan, limit, seconds);
    findings.push(...measured.findings);
    notes.push(...measured.notes);
  }
  return { findings, notes, leftOut };
}

/** flop/ms of the kernel at peak: GFLOP/s times a million. */
export function peakContestant(kernel: Kernel): Contestant {
  return repeated((count) => void kernel.peak("f32", PEAK_ROUNDS * count), kernel.peak("f32", PEAK_ROUNDS));
}

function trainingContestant(engine: Engine, shape: NetShape): Contestant {
  const task = taskOf(shape);
  const { n, k } = task.draw.rows;
  return repeated((count) => trainTrials(engine, task, count), EPOCHS * flopPerEpoch(shape, n + k));
}

async function measure(plan: KernelPlan, limit: Kernel, seconds: number): Promise<Omit<Findings, "leftOut">> {
  const engine = loadFused({ precision: "f32", isa: plan.isa });
  const isNarrow = plan.shapes.some(({ shape }) => shape === NARROW);
  const shapes = [...plan.shapes, ...(isNarrow ? [{ shape: BARE, target: null }] : [])];
  const contestants = [peakContestant(limit), ...shapes.map(({ shape }) => trainingContestant(engine, shape))];
  const samples = await sampleRates(contestants, seconds);
  const over = (figure: (rates: number[]) => number): number => median(samples.map(figure));
  const peak = over(([atPeak]) => atPeak);
  const limits = isNarrow ? samples.map((rates) => narrowLimit(rates[0], rates[shapes.length])) : [];
  const findings = plan.shapes.map(
    ({ shape, target }, i): Finding => ({
      what: `${plan.isa}, ${shapeText(shape)}`,
      measured: over((rates) => rates[i + 1]) / 1e6,
      unit: "GFLOP/s",
      ratio: over((rates) => rates[i + 1] / rates[0]),
      ratioIs: "share",
      against: `${plan.peakOf}'s peak, ${(peak / 1e6).toFixed(1)}`,
      target: shape === NARROW ? { atLeast: Math.min(NARROW_TARGET, median(limits.map(shareOf))) } : target,
    }),
  );
  return { findings, notes: isNarrow ? [narrowSentence(plan.isa, limits)] : [] };
}

/** What a row of the narrow net takes: its products at peak, and what a net of next to no products takes as well. */
interface NarrowLimit {
  readonly productsNs: number;
  readonly restNs: number;
}

function narrowLimit(peak: number, bareRate: number): NarrowLimit {
  const bareFlop = flopPerEpoch(BARE, 1);
  return {
    productsNs: (1e6 * flopPerEpoch(NARROW, 1)) / peak,
    restNs: 1e6 * (bareFlop / bareRate - (LANES * bareFlop) / peak),
  };
}

/** How far the narrow net can go if the rest is neither overlapped with the products nor made cheaper. */
function shareOf({ productsNs, restNs }: NarrowLimit): number {
  return productsNs / (productsNs + restNs);
}

function narrowSentence(isa: Isa, limits: readonly NarrowLimit[]): string {
  const ns = (figure: (limit: NarrowLimit) => number): string => median(limits.map(figure)).toFixed(1);
  const share = (100 * median(limits.map(shareOf))).toFixed(0);
  return (
    `${isa}, 2-16-16-2: a row's products take ${ns(({ productsNs }) => productsNs)} ns at peak, its softmax, three ` +
    `logarithms, divisions and sums ${ns(({ restNs }) => restNs)} ns (measured on 1-1-1-2): one after the other, ${share} %`
  );
}
