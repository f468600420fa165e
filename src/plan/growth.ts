/** What makes two plans one sweep, and how a sweep that is there takes in what is asked of it now. */
import { bad } from "../errors.js";
import { METHODS, type MethodRecord } from "./methods.js";
import {
  canonicalText,
  countSettings,
  type DrawAxes,
  type PerMethod,
  type PlanPart,
  refuseShortRecord,
  type SweepPlan,
} from "./plan.js";
import { PRESETS } from "./presets.js";
import { LIMITS } from "./values.js";

/** The same plan wherever it is run: imported data may lie in another folder there, and records and engines do not say what is asked. */
export function askedText({ parts, methods, presets, seed }: SweepPlan): string {
  return canonicalText({ parts: parts.map(withoutFolders), methods, presets, seed });
}

/** What makes two plans one sweep: a name for what may grow, and what a sweep has only one of. */
export function identityOf({ name, seed, parts }: SweepPlan, profile: string): string {
  if (name !== null) return JSON.stringify({ grid: name, seed, profile });
  return canonicalText({ run: parts.map(withoutFolders), seed, profile });
}

/** The one of some sweeps that is what a plan asks for, or grows by it; null: it would be a new one. */
export function heldIn<Held extends { readonly plan: SweepPlan; readonly profile: string }>(
  sweeps: readonly Held[],
  plan: SweepPlan,
  profile: string,
): Held | null {
  const identity = identityOf(plan, profile);
  return sweeps.find((sweep) => identityOf(sweep.plan, sweep.profile) === identity) ?? null;
}

function withoutFolders(part: PlanPart): object {
  if (part.draws.kind === "seeded") return part;
  const draws = part.draws.draws.map(({ directory: _directory, ...draw }) => draw);
  return { ...part, draws: { ...part.draws, draws } };
}

/**
 * The plan of a sweep that held `held` and is asked for `asked`: all that either asks for, the larger count of trials,
 * the engine and record level of the latter. More trials, λ, epochs, draws and methods need no word; other samples,
 * features, forget rows, widths, learning rates or presets under a name that is there are a mistake more often than
 * meant, and are refused unless `grow`. Throws usage with both ways on.
 */
export function grown(held: SweepPlan, asked: SweepPlan, grow: boolean): SweepPlan {
  const plan = unitedPlan(held, asked);
  if (!grow) refuseOtherAxes(held, asked);
  refuseOutgrown(plan.parts);
  refuseOtherMeaning(held, asked);
  // A file of schema 1 may hold relearn with less; what is asked has been looked at by itself.
  return asked.record === held.record ? plan : refuseShortRecord(plan);
}

/** Whether a plan asks for all that another asks for, by whatever name. */
export function isPlanWithin(inner: SweepPlan, outer: SweepPlan): boolean {
  if (inner.seed !== outer.seed || inner.trials > outer.trials) return false;
  const there = outer.parts.map(withoutFolders) as PlanPart[];
  return (
    isWithin(inner.presets, outer.presets) &&
    isWithin(inner.methods, outer.methods) &&
    (inner.parts.map(withoutFolders) as PlanPart[]).every((part) => there.some((known) => isPartWithin(part, known)))
  );
}

function unitedPlan(held: SweepPlan, asked: SweepPlan): SweepPlan {
  const methods = startsFirst(united(held.methods, asked.methods, METHODS));
  const order = new Map(methods.map(({ name }, i) => [name, i]));
  const place = (name: string): number => order.get(name) ?? 0;
  const there = inOneFolder([...held.parts, ...asked.parts]);
  const parts = there.slice(held.parts.length).reduce(withPart, there.slice(0, held.parts.length));
  return {
    ...asked,
    trials: Math.max(held.trials, asked.trials),
    presets: united(held.presets, asked.presets, PRESETS),
    methods,
    parts: parts.map((part) => ({ ...part, methods: part.methods.toSorted((a, b) => place(a) - place(b)) })),
  };
}

/** Parts whose imported data lie where the last of them says: the same data may have been in another folder, or on another machine. */
function inOneFolder(parts: readonly PlanPart[]): PlanPart[] {
  const imported = parts.flatMap(({ draws }) => (draws.kind === "imported" ? draws.draws : []));
  const last = new Map(imported.map((draw) => [draw.sha256, draw]));
  return parts.map((part) => {
    if (part.draws.kind === "seeded") return part;
    const draws = part.draws.draws.map((draw) => last.get(draw.sha256) ?? draw);
    return { ...part, draws: { ...part.draws, draws } };
  });
}

/** A union of axes that were asked for one by one may be more than one may ask for at once. */
function refuseOutgrown(parts: readonly PlanPart[]): void {
  const settings = parts.reduce((most, part) => Math.max(most, countSettings(part)), 0);
  if (settings > LIMITS.settings)
    throw bad(
      `a sweep must have at most ${LIMITS.settings} settings of a kind, got ${settings} with those it has: give the new ones their own --name`,
    );
}

/** Records of both lists, each name once; built-in ones first, as if all had been asked for at once. */
function united<Item extends { readonly name: string }>(
  held: readonly Item[],
  asked: readonly Item[],
  registry: readonly Item[],
): Item[] {
  const records = new Map([...asked, ...held].map((record) => [record.name, record]));
  const all = new Set([...held, ...asked].map(({ name }) => name));
  const builtIn = registry.map(({ name }) => name);
  const names = new Set([...builtIn.filter((name) => all.has(name)), ...all]);
  return [...names].flatMap((name) => records.get(name) ?? []);
}

/** The same records, but each start before what starts from it: those of another version may stand in an order of their own. */
function startsFirst(methods: readonly MethodRecord[]): MethodRecord[] {
  const byName = new Map(methods.map((method) => [method.name, method]));
  const placed = new Set<MethodRecord>();
  const add = (method: MethodRecord): void => {
    const start = method.start === null ? undefined : byName.get(method.start);
    if (start !== undefined) add(start);
    placed.add(method);
  };
  methods.forEach(add);
  return [...placed];
}

/** Axes whose values tell settings apart that nobody means to mix by accident; each with how it reads off a part. */
const GUARDED: readonly (readonly [option: string, values: (part: PlanPart) => readonly string[]])[] = [
  ["--preset", ({ presets }) => presets],
  ["--samples", ({ draws }) => sizes(draws, "samples")],
  ["--features", ({ draws }) => sizes(draws, "features")],
  ["--forget-rows", ({ draws }) => sizes(draws, "forgetRows")],
  ["--hidden", ({ widths }) => widths.map(String)],
  ["--learning-rate", ({ learningRates }) => learningRates.map(String)],
];

function sizes(draws: DrawAxes, name: "samples" | "features" | "forgetRows"): string[] {
  if (draws.kind === "seeded") return draws[name].map(String);
  return draws.draws.map((draw) => String(draw[name]));
}

function refuseOtherAxes(held: SweepPlan, asked: SweepPlan): void {
  for (const [option, values] of GUARDED) {
    const there = new Set(held.parts.flatMap(values));
    const other = asked.parts.flatMap(values).find((value) => !there.has(value));
    if (other !== undefined)
      throw bad(
        `${option} must be what the sweep ${held.name ?? ""} has, ${[...there].join(" or ")}, got ${other}: give another sweep its own --name, or --grow where this one is to have both`,
      );
  }
}

/** One name may not mean two things. */
function refuseOtherMeaning(held: SweepPlan, asked: SweepPlan): void {
  for (const what of ["presets", "methods"] as const) {
    const there = new Map(held[what].map((record) => [record.name, canonicalText(record)]));
    const other = asked[what].find((record) => {
      const meaning = canonicalText(record);
      return meaning !== (there.get(record.name) ?? meaning);
    });
    if (other !== undefined)
      throw bad(
        `the ${what.slice(0, -1)} ${other.name} must be what the sweep ${held.name ?? ""} stores of it, but this gmm-sweep has another of that name: give the new one its own --name`,
      );
  }
}

/** `parts` with another: where one holds it, nothing changes; where it holds one, or they differ in one list alone, the two are one part. */
function withPart(parts: readonly PlanPart[], part: PlanPart): PlanPart[] {
  if (parts.some((known) => isPartWithin(part, known))) return [...parts];
  for (const [i, known] of parts.entries()) {
    const both = asOne(known, part);
    if (both === null) continue;
    return withPart(
      parts.filter((_, j) => j !== i),
      both,
    );
  }
  return [...parts, part];
}

/** Those of the plan, whatever they grow to, where a part has none of its own. */
function trialsOf({ trials }: PlanPart): number {
  return trials ?? Number.POSITIVE_INFINITY;
}

type Lists = ReadonlyMap<string, readonly unknown[]>;

/** Whether a part asks for nothing that another does not ask for. */
function isPartWithin(inner: PlanPart, outer: PlanPart): boolean {
  if (inner.draws.kind !== outer.draws.kind || trialsOf(inner) > trialsOf(outer)) return false;
  const there = listsOf(outer);
  return [...listsOf(inner)].every(([name, values]) => isWithin(values, there.get(name) ?? []));
}

/** One part that asks for what both ask for and nothing else; null where there is none. */
function asOne(a: PlanPart, b: PlanPart): PlanPart | null {
  if (isPartWithin(a, b)) return b;
  if (a.draws.kind !== b.draws.kind || trialsOf(a) !== trialsOf(b)) return null;
  const [left, right] = [listsOf(a), listsOf(b)];
  const names = [...new Set([...left.keys(), ...right.keys()])];
  const unequal = names.filter((name) => !isEqual(left.get(name) ?? [], right.get(name) ?? []));
  return unequal.length === 1 ? withList(a, b, unequal[0]) : null;
}

/** The lists of a part by name; a method's epochs and λ are lists of their own. */
function listsOf({ presets, draws, widths, learningRates, methods, epochs, lambda }: PlanPart): Lists {
  const lists = new Map<string, readonly unknown[]>([
    ["presets", presets],
    ["widths", widths],
    ["learningRates", learningRates],
    ["methods", methods],
  ]);
  if (draws.kind === "imported") lists.set("draws", draws.draws);
  else for (const name of ["dataSeeds", "samples", "features", "forgetRows"] as const) lists.set(name, draws[name]);
  for (const [name, values] of Object.entries(epochs)) lists.set(`epochs ${name}`, values);
  for (const [name, values] of Object.entries(lambda)) lists.set(`lambda ${name}`, values);
  return lists;
}

/** `a` with the list `name` of both. */
function withList(a: PlanPart, b: PlanPart, name: string): PlanPart {
  const both = <Value>(left: readonly Value[], right: readonly Value[]): Value[] => {
    const there = new Set(left.map(canonicalText));
    return [...left, ...right.filter((value) => !there.has(canonicalText(value)))];
  };
  const ascending = (left: readonly number[], right: readonly number[]): number[] =>
    both(left, right).sort((p, q) => p - q);
  if (name === "methods") return { ...a, methods: both(a.methods, b.methods) };
  if (name === "presets") return { ...a, presets: both(a.presets, b.presets) };
  if (name === "widths") return { ...a, widths: both(a.widths, b.widths) };
  if (name === "learningRates") return { ...a, learningRates: ascending(a.learningRates, b.learningRates) };
  if (a.draws.kind === "imported" && b.draws.kind === "imported")
    return name === "draws" ? { ...a, draws: { ...a.draws, draws: both(a.draws.draws, b.draws.draws) } } : a;
  if (a.draws.kind === "seeded" && b.draws.kind === "seeded" && name in a.draws) {
    const axis = name as "dataSeeds" | "samples" | "features" | "forgetRows";
    return { ...a, draws: { ...a.draws, [axis]: ascending(a.draws[axis], b.draws[axis]) } };
  }
  const [measure, method] = name.split(" ") as ["epochs" | "lambda", string];
  const values: PerMethod = { ...a[measure], [method]: ascending(a[measure][method] ?? [], b[measure][method] ?? []) };
  return { ...a, [measure]: values };
}

function isWithin(inner: readonly unknown[], outer: readonly unknown[]): boolean {
  const there = new Set(outer.map(canonicalText));
  return inner.every((value) => there.has(canonicalText(value)));
}

function isEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && isWithin(a, b);
}
