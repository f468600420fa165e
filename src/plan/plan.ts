/**
 * The plan of a sweep: all that says which trajectories there are. It is stored with the sweep, and nothing is derived
 * from a command line again. This folder makes plans of flags and files, grows them, reads them back and says what they
 * ask for; it knows of engines only their names, and of no store, runner or report.
 */
import type { Precision } from "../engine/fused/kernel.js";
import { bad } from "../errors.js";
import type { DrawSource, ImportedDraw } from "../trial.js";
import type { MethodRecord } from "./methods.js";
import type { PresetRecord } from "./presets.js";

/** Which epochs of a curve are kept; trial rows always are. */
export const RECORDS = ["final", "asked", "all"] as const;
export type RecordLevel = (typeof RECORDS)[number];

/** Raised by any change of what a stored plan holds or means. */
export const PLAN_VERSION = 1;

export interface SweepPlan {
  readonly version: typeof PLAN_VERSION;
  /** What the sweep is called: asked for again with more, it grows. Null: it is what it asks for, but the count of trials, as a run. */
  readonly name: string | null;
  readonly seed: number;
  readonly engine: { readonly name: string; readonly precision: Precision };
  readonly record: RecordLevel;
  /** Of each cell. */
  readonly trials: number;
  /** Those of `parts`. */
  readonly presets: readonly PresetRecord[];
  /** Those of `parts` and those they start from; a start stands before what starts from it. */
  readonly methods: readonly MethodRecord[];
  /** What it asks for is all that any part asks for. */
  readonly parts: readonly PlanPart[];
}

/** Every combination of its lists. */
export interface PlanPart {
  readonly presets: readonly string[];
  readonly draws: DrawAxes;
  readonly widths: readonly (readonly number[])[];
  readonly learningRates: readonly number[];
  /** Those whose trials are wanted, in the plan's order. */
  readonly methods: readonly string[];
  /** Of these and of those they start from. */
  readonly epochs: PerMethod;
  readonly lambda: PerMethod;
  /** Of each of its cells, where they are fewer than the plan's. */
  readonly trials?: number;
}

export type DrawAxes = SeededAxes | ImportedAxis;

interface SeededAxes {
  readonly kind: "seeded";
  readonly dataSeeds: readonly number[];
  readonly samples: readonly number[];
  readonly features: readonly number[];
  readonly forgetRows: readonly number[];
}

interface ImportedAxis {
  readonly kind: "imported";
  readonly draws: readonly ImportedDraw[];
}

/** Ascending values, by method. */
export type PerMethod = Readonly<Record<string, readonly number[]>>;

/** What is trained on one draw with one net. */
export interface Setting {
  readonly draw: DrawSource;
  readonly preset: PresetRecord;
  readonly widths: readonly number[];
  readonly learningRate: number;
  readonly seed: number;
  readonly methods: readonly MethodRecord[];
  /** The parts of the plan that ask for something of it. */
  readonly parts: readonly PlanPart[];
}

/** The settings of a plan; draws outermost, so that a sweep stopped early has whole draws. */
export function settingsOf(plan: SweepPlan): Setting[] {
  const all = plan.parts.map((part) => settingsOfPart(plan, part));
  if (all.length === 1) return all[0];
  const settings = new Map<string, Setting & { parts: PlanPart[] }>();
  for (const setting of all.flat()) {
    const { draw, preset, widths, learningRate, parts } = setting;
    const key = JSON.stringify([draw, preset.name, widths, learningRate]);
    const known = settings.get(key);
    if (known === undefined) settings.set(key, { ...setting, parts: [...parts] });
    else known.parts.push(parts[0]);
  }
  return [...settings.values()];
}

function settingsOfPart(plan: SweepPlan, part: PlanPart): Setting[] {
  const { seed, methods } = plan;
  const parts = [part];
  const presets = part.presets.map((name) => presetIn(plan, name));
  return drawsOf(part.draws).flatMap((draw) =>
    presets.flatMap((preset) =>
      part.widths.flatMap((widths) =>
        part.learningRates.map((learningRate) => ({ draw, preset, widths, learningRate, seed, methods, parts })),
      ),
    ),
  );
}

export function drawsOf(axes: DrawAxes): DrawSource[] {
  if (axes.kind === "imported") return [...axes.draws];
  const { dataSeeds } = axes;
  return axes.samples.flatMap((samples) =>
    axes.features.flatMap((features) =>
      axes.forgetRows.flatMap((forgetRows) =>
        dataSeeds.map((dataSeed) => ({ kind: "seeded" as const, dataSeed, samples, features, forgetRows })),
      ),
    ),
  );
}

/** How many settings a part makes. */
export function countSettings({ presets, draws, widths, learningRates }: PlanPart): number {
  return countDraws(draws) * presets.length * widths.length * learningRates.length;
}

export function countDraws(draws: DrawAxes): number {
  if (draws.kind === "imported") return draws.draws.length;
  return draws.dataSeeds.length * draws.samples.length * draws.features.length * draws.forgetRows.length;
}

/** The plan, unless it keeps less than what is computed of it. */
export function refuseShortRecord(plan: SweepPlan): SweepPlan {
  if (plan.record === "all") return plan;
  const trained = new Set(plan.parts.flatMap(({ methods }) => methods));
  const relearning = relearningIn(plan.methods).find((name) => trained.has(name));
  if (relearning === undefined) return plan;
  throw bad(
    `--record must be all where ${relearning} is trained, whose curve says when x is learned again, got ${plan.record}: leave one of the two out`,
  );
}

/** The methods that train a net as it was trained before another one changed it; the view relearn_epochs reads their curves. */
function relearningIn(methods: readonly MethodRecord[]): string[] {
  const roots = new Map<string, MethodRecord>();
  return methods.flatMap((method) => {
    const { name, start } = method;
    // A start stands before what starts from it.
    const root = (start === null ? undefined : roots.get(start)) ?? method;
    roots.set(name, root);
    return start !== null && start !== root.name && trainingOf(root) === trainingOf(method) ? [name] : [];
  });
}

function trainingOf({ crossEntropy, penalty, forgetLabels, parameters }: MethodRecord): string {
  return canonicalText({ crossEntropy, penalty, forgetLabels, parameters });
}

function presetIn({ presets }: SweepPlan, name: string): PresetRecord {
  const preset = presets.find((candidate) => candidate.name === name);
  if (preset === undefined) throw new Error(`the plan has no preset ${name}`);
  return preset;
}

/** The same plan, whose imported data lie in other folders now: `folders` by the draws' sha256. */
export function withFolders(plan: SweepPlan, folders: ReadonlyMap<string, string>): SweepPlan {
  const parts = plan.parts.map((part) => {
    if (part.draws.kind === "seeded") return part;
    const draws = part.draws.draws.map((draw) => ({ ...draw, directory: folders.get(draw.sha256) ?? draw.directory }));
    return { ...part, draws: { ...part.draws, draws } };
  });
  return { ...plan, parts };
}

/** Where the imported data of a plan lie, by the draws' sha256. */
export function foldersOf({ parts }: SweepPlan): ReadonlyMap<string, string> {
  const imported = parts.flatMap(({ draws }) => (draws.kind === "imported" ? draws.draws : []));
  return new Map(imported.map(({ sha256, directory }) => [sha256, directory]));
}

/** Names and all those that they start from, in the order of `methods`. */
export function withStarts(names: readonly string[], methods: readonly MethodRecord[]): string[] {
  const starts = new Map(methods.map(({ name, start }) => [name, start]));
  const needed = new Set<string>();
  for (const name of names)
    for (let each: string | null = name; each !== null && !needed.has(each); each = starts.get(each) ?? null)
      needed.add(each);
  return methods.flatMap(({ name }) => (needed.has(name) ? [name] : []));
}

/** A plan, or a part of one, as it is stored: equal values are equal texts. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** The same value with the keys of all its objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
