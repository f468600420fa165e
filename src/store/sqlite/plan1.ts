/** The plan of a sweep of version 1, whose file holds the options of its last command and the cells of all its commands. */
import { messageOf } from "../../errors.js";
import { grown } from "../../plan/growth.js";
import { METHODS } from "../../plan/methods.js";
import {
  canonicalText,
  type DrawAxes,
  PLAN_VERSION,
  type PlanPart,
  type RecordLevel,
  type SweepPlan,
  withStarts,
} from "../../plan/plan.js";
import { PRESETS } from "../../plan/presets.js";
import { parsePlan } from "../../plan/stored.js";
import { cellTemplates } from "../../plan/trajectories.js";
import { cellKey, type DrawSource, type ImportedDraw } from "../../trial.js";
import { badPlace } from "../faults.js";

export interface SweepOfVersion1 {
  readonly id: number;
  readonly config: string;
  readonly trials: number;
  readonly record: RecordLevel;
}

export interface CellOfVersion1 {
  readonly draw: string;
  readonly data_seed: number | null;
  readonly samples: number;
  readonly features: number;
  readonly forget_rows: number;
  readonly hidden: string;
  readonly learning_rate: number;
  readonly preset: string;
  readonly method: string;
  readonly lambda_reg: number;
  readonly epochs: number;
  readonly seed: number;
  readonly start: string;
}

/** What a run and a grid of version 1 have in their configs alike. */
interface Config {
  readonly methods: readonly string[];
  readonly epochs: Readonly<Record<string, readonly number[]>>;
  readonly lambda: Readonly<Record<string, readonly number[]>>;
  readonly seed: number;
  readonly engine: SweepPlan["engine"];
}

interface RunConfig extends Config {
  readonly preset: string;
  readonly draw: DrawSource;
  readonly hidden: readonly number[];
  readonly learningRate: number;
}

interface GridConfig extends Config {
  readonly name: string;
  readonly presets: readonly string[];
  readonly draws: readonly DrawSource[];
  readonly hidden: readonly (readonly number[])[];
  readonly learningRates: readonly number[];
}

/** A plan that asks for exactly these cells. */
export function planOfVersion1(sweep: SweepOfVersion1, cells: readonly CellOfVersion1[]): SweepPlan {
  try {
    const config = JSON.parse(sweep.config) as RunConfig | GridConfig;
    const asked = planOf(sweep, config, [partOf(config)]);
    const stored = new Map(cells.map((cell) => [keyOf(cell), cell]));
    const known = keysOf(asked);
    const whole = known.every((key) => stored.has(key));
    const covered = new Set(whole ? known : []);
    const lacking = [...stored].flatMap(([key, cell]) => (covered.has(key) ? [] : [cell]));
    const parts = partsOf(lacking, drawsIn(config));
    const plans = parts.map((part) => planOf(sweep, config, [part]));
    // More than is stored of it was never asked for as far as anybody was told.
    const plan = (whole ? [asked, ...plans] : plans).reduce((held, added) => grown(held, added, true));
    // As strictly as it will be read.
    return parsePlan(canonicalText(plan));
  } catch (error) {
    throw badPlace(
      (file) =>
        `${file} must hold sweeps as gmm-sweep 0.1 wrote them, but sweep ${sweep.id} is none (${messageOf(error)}): take another copy of the file`,
      { cause: error },
    );
  }
}

function planOf({ trials, record }: SweepOfVersion1, config: RunConfig | GridConfig, parts: PlanPart[]): SweepPlan {
  const needed = withStarts(
    parts.flatMap(({ methods }) => methods),
    METHODS,
  );
  const presets = parts.flatMap((part) => part.presets);
  const { name, precision } = config.engine;
  return {
    version: PLAN_VERSION,
    name: "name" in config ? config.name : null,
    seed: config.seed,
    engine: { name, precision },
    record,
    trials,
    presets: PRESETS.filter((preset) => presets.includes(preset.name)),
    methods: METHODS.filter((method) => needed.includes(method.name)),
    parts,
  };
}

function partOf(config: RunConfig | GridConfig): PlanPart {
  const { methods } = config;
  const needed = withStarts(methods, METHODS);
  const values = (of: Config["epochs"]): Record<string, number[]> =>
    Object.fromEntries(needed.map((name) => [name, ascending(of[name])]));
  const isGrid = "name" in config;
  return {
    presets: isGrid ? config.presets : [config.preset],
    draws: axesOf(drawsIn(config)),
    widths: isGrid ? config.hidden : [config.hidden],
    learningRates: isGrid ? ascending(config.learningRates) : [config.learningRate],
    methods,
    epochs: values(config.epochs),
    lambda: values(config.lambda),
  };
}

function drawsIn(config: RunConfig | GridConfig): readonly DrawSource[] {
  return "name" in config ? config.draws : [config.draw];
}

/** The axes whose product the draws of a grid are. */
function axesOf(draws: readonly DrawSource[]): DrawAxes {
  const imported = draws.filter((draw): draw is ImportedDraw => draw.kind === "imported");
  if (imported.length > 0) return { kind: "imported", draws: imported };
  return {
    kind: "seeded",
    dataSeeds: ascending(draws.flatMap((draw) => (draw.kind === "seeded" ? [draw.dataSeed] : []))),
    samples: ascending(draws.map(({ samples }) => samples)),
    features: ascending(draws.map(({ features }) => features)),
    forgetRows: ascending(draws.map(({ forgetRows }) => forgetRows)),
  };
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** A part for each trajectory of these cells, whatever its trial. */
function partsOf(cells: readonly CellOfVersion1[], known: readonly DrawSource[]): PlanPart[] {
  const parts = new Map<string, CellOfVersion1[]>();
  for (const cell of cells) {
    const key = keyOf({ ...cell, epochs: 0 });
    parts.set(key, [...(parts.get(key) ?? []), cell]);
  }
  return [...parts.values()].map(([cell, ...others]) => {
    const asked = ascending([cell, ...others].map(({ epochs }) => epochs));
    const chain = [{ method: cell.method, lambda: cell.lambda_reg, epochs: asked }, ...startsIn(cell.start)];
    return {
      presets: [cell.preset],
      draws: axesOf([drawOf(cell, known)]),
      widths: [cell.hidden.split(",").map(Number)],
      learningRates: [cell.learning_rate],
      methods: [cell.method],
      epochs: Object.fromEntries(chain.map(({ method, epochs }) => [method, epochs])),
      lambda: Object.fromEntries(chain.map(({ method, lambda }) => [method, [lambda]])),
    };
  });
}

/** The links of a start such as unlearn@4.2x5<original@0x100. */
function startsIn(start: string): { method: string; lambda: number; epochs: number[] }[] {
  if (start === "") return [];
  return start.split("<").map((link) => {
    const [, method, lambda, epochs] = /^(\w+)@(.+)x(\d+)$/.exec(link) ?? [];
    if (method === undefined) throw new Error(`its start is ${start}`);
    return { method, lambda: Number(lambda), epochs: [Number(epochs)] };
  });
}

function drawOf({ draw, data_seed, ...cell }: CellOfVersion1, known: readonly DrawSource[]): DrawSource {
  const sizes = { samples: cell.samples, features: cell.features, forgetRows: cell.forget_rows };
  if (data_seed !== null) return { kind: "seeded", dataSeed: data_seed, ...sizes };
  const sha256 = draw.replace(/^sha256:/, "");
  // Only the last command's folder is known; another one is named by --data where it is needed.
  const directory = known.flatMap((one) => (one.kind === "imported" && one.sha256 === sha256 ? [one.directory] : []));
  return { kind: "imported", directory: directory[0] ?? "unknown", sha256, ...sizes };
}

function keysOf(plan: SweepPlan): string[] {
  return [...cellTemplates(plan)].flatMap(({ cell, asked }) => asked.map((epochs) => `${cellKey(cell)} ${epochs}`));
}

function keyOf(cell: CellOfVersion1): string {
  const { draw, samples, features, forget_rows, hidden, learning_rate, preset, method, lambda_reg, seed, start } = cell;
  const sizes = [draw, samples, features, forget_rows, hidden];
  return `${JSON.stringify([...sizes, learning_rate, preset, method, lambda_reg, seed, start])} ${cell.epochs}`;
}
