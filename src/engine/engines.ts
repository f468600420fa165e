/** The registry of engines: how each is loaded, by the name `--engine` gives it. */
import { messageOf, SweepError } from "../errors.js";
import type { Engine } from "./contract.js";
import { addonReport, kernelReports, loadFused } from "./fused/fused.js";
import { ISAS, type Isa, type Precision } from "./fused/kernel.js";

/** Which engine, and how it computes. It crosses threads, so it is plain data. */
export interface EngineChoice {
  readonly name: string;
  readonly precision: Precision;
  /** The kernel that the fused engine is held to, for tests; null: the fastest that loads. */
  readonly isa: Isa | null;
}

interface EngineRecord {
  /** The precisions it has, the default first. */
  readonly precisions: readonly Precision[];
  load(choice: EngineChoice): Promise<Engine>;
}

// To add an engine, add a record here and call the shared suite of test/engine-contract.ts on it.
const ENGINES: Readonly<Record<string, EngineRecord>> = {
  fused: {
    precisions: ["f32", "f64"],
    load: async ({ precision, isa }) => loadFused({ precision, isa: isa ?? undefined }),
  },
  // What a run does not train with is not imported, by none of its threads: TensorFlow.js alone takes a quarter of a second.
  reference: { precisions: ["f64"], load: async () => (await import("./reference/reference.js")).referenceEngine() },
  tfjs: { precisions: ["f32"], load: async () => (await import("./tfjs/tfjs.js")).loadTfjs("best") },
  "tfjs-node": { precisions: ["f32"], load: async () => (await import("./tfjs/tfjs.js")).loadTfjs("tensorflow") },
};

export const ENGINE_NAMES: readonly string[] = Object.keys(ENGINES);

/** The precisions of the engine that is called so, its default first. */
export function precisionsOf(name: string): readonly Precision[] {
  return ENGINES[name].precisions;
}

/** Loads an engine; throws a fault of the environment with the remedy where this machine lacks what it needs. */
export function loadEngine(choice: EngineChoice): Promise<Engine> {
  return ENGINES[choice.name].load(choice);
}

/** The engine called `name` in the way that gives the bits of `profile`; null where this machine has none. */
export async function loadProfile(name: string, profile: string): Promise<Engine | null> {
  const choice = await choiceOf(name, profile);
  return choice === null ? null : loadEngine(choice);
}

/** The choice of the engine called `name` that gives the bits of `profile`; null where this machine has none. */
export async function choiceOf(name: string, profile: string): Promise<EngineChoice | null> {
  if (!ENGINE_NAMES.includes(name)) return null;
  // A kernel without fused multiply-add runs on every machine, and is a profile of its own.
  const isas = name === "fused" ? [null, ...ISAS] : [null];
  for (const precision of precisionsOf(name)) {
    for (const isa of isas) {
      const choice = { name, precision, isa };
      const engine = await loadEngine(choice).catch(unavailable);
      if (engine?.profile === profile) return choice;
    }
  }
  return null;
}

/** An engine that does not load here is none; a bug is one. */
export function unavailable(error: unknown): null {
  if (error instanceof SweepError) return null;
  throw error;
}

/** Whether an engine, or a kernel of the fused one, works here; where it does not, `detail` says why and what to do. */
export interface EngineReport {
  readonly name: string;
  readonly works: boolean;
  readonly detail: string;
}

export async function engineReports(): Promise<EngineReport[]> {
  const engines = await Promise.all(ENGINE_NAMES.map(engineReport));
  const kernels = kernelReports().map((report) =>
    "kernel" in report
      ? {
          name: `kernel ${report.isa}`,
          works: true,
          detail: report.kernel.fusedMultiplyAdd ? "fused multiply-add" : "multiply, then add",
        }
      : { name: `kernel ${report.isa}`, works: false, detail: report.reason },
  );
  return [...engines, addonFinding(), ...kernels];
}

const ORIGINS = { compiled: "compiled on this machine", prebuilt: "prebuilt, as it came with the package" } as const;

/** Which addon is in use; without one the WebAssembly is. */
function addonFinding(): EngineReport {
  const report = addonReport();
  if ("origin" in report) return { name: "kernel addon", works: true, detail: ORIGINS[report.origin] };
  return { name: "kernel addon", works: false, detail: `${report.reason}; the WebAssembly kernel runs in its place` };
}

async function engineReport(name: string): Promise<EngineReport> {
  try {
    const { profile } = await loadEngine({ name, precision: precisionsOf(name)[0], isa: null });
    return { name: `engine ${name}`, works: true, detail: profile };
  } catch (error) {
    if (!(error instanceof SweepError)) throw error;
    return { name: `engine ${name}`, works: false, detail: messageOf(error) };
  }
}
