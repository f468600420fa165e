/** What each round of a grid asks for, so that a sweep that is trained in rounds is at any time a plan like any other. */
import { bad } from "../errors.js";
import { countDraws, countSettings, type DrawAxes, type PlanPart, type SweepPlan, withStarts } from "../plan/plan.js";
import { canHold, spentAt } from "./look.js";
import { judgedAmong } from "./memorisation.js";
import { isBeside, RELEARNED, RETRAINED, UNTOUCHED } from "./roles.js";

/** How much is there at a round's end: the first `draws` of the plan's, and the first `trials` of each cell that is left. */
export interface Step {
  readonly draws: number;
  readonly trials: number;
}

/** A cell but for its draw and setting. */
export interface CellChoice {
  readonly method: string;
  readonly lambda: number;
  readonly epochs: number;
}

/** The same text of the same cells. */
export function choiceText({ method, lambda, epochs }: CellChoice): string {
  return JSON.stringify([method, lambda, epochs]);
}

const FIRST_SHARE = 4; // over draws a cell has a quarter of its trials at first: draws say more than trials
const LEAST_TRIALS = 4;
const GROWTH = 1.5; // of the units from one look to the next

/** Fewer units tell nothing that holds for all looks. */
const LEAST_UNITS = 6;

/** The rounds of a plan: over draws, where it has several, and with all trials at last; on one draw, over trials. Throws usage where they cannot be. */
export function stepsOf(plan: SweepPlan): Step[] {
  const part = onlyPart(plan);
  refuseUndecidable(part.methods);
  const [draws, { trials }] = [countDraws(part.draws), plan];
  const units = draws > 1 ? draws : trials;
  if (units < LEAST_UNITS)
    throw bad(
      `--until must have at least ${LEAST_UNITS} draws, or trials where there is one draw, got ${units}: ask for more with --data-seeds or --trials`,
    );
  if (draws === 1) {
    const setsAside = part.methods.includes(UNTOUCHED);
    return looksOf(trials, { setsAside }).map((first) => ({ draws, trials: first }));
  }
  const first = Math.min(trials, Math.max(LEAST_TRIALS, Math.ceil(trials / FIRST_SHARE)));
  const last = first < trials ? [{ draws, trials }] : [];
  return [...looksOf(draws, { beside: last.length }).map((some) => ({ draws: some, trials: first })), ...last];
}

interface LookedAt {
  /** Looks that share the error with these. */
  readonly beside?: number;
  /** Whether some units are set aside at each, as trials of one draw are beside doing nothing. */
  readonly setsAside?: boolean;
}

/**
 * How many units (draws, or trials of one draw) are there at each look, up to `most`; at the first one so many that its
 * bands are finite, after it half as many again each time.
 */
export function looksOf(most: number, { beside = 0, setsAside = false }: LookedAt = {}): number[] {
  const judged = (units: number): number => (setsAside ? judgedAmong(units, units) : units);
  // More looks share the error among them, which takes more units for the first.
  for (let first = 2; first < most; first++) {
    const looks = from(first, most);
    if (looks.every((units) => canHold(judged(units), spentAt(looks.length + beside)))) return looks;
  }
  return [most];
}

function from(first: number, most: number): number[] {
  const looks: number[] = [];
  for (let units = first; units < most; units = Math.ceil(units * GROWTH)) looks.push(units);
  return [...looks, most];
}

/** Of methods that leave nothing to decide, and of those that would be trained in the first round alone. */
function refuseUndecidable(methods: readonly string[]): void {
  if (!methods.includes(RETRAINED))
    throw bad(
      `--until must have ${RETRAINED} among --methods, which every recipe is held against, got ${methods.join(", ")}: add it`,
    );
  if (methods.includes(RELEARNED))
    throw bad(
      `--until must be without ${RELEARNED}, which is no recipe that a round could keep, got ${methods.join(", ")}: train it in a grid of its own`,
    );
  if (methods.every(isBeside))
    throw bad(
      `--until must have a method that unlearns among --methods, to decide which of its recipes is the nearest, got ${methods.join(", ")}: add one`,
    );
}

/** The draws of a plan whose rounds `stepsOf` gives. */
export function onlyDraws(plan: SweepPlan): DrawAxes {
  return onlyPart(plan).draws;
}

/** Throws usage where a plan is more than one grid over seeded draws that differ in nothing but their seed. */
function onlyPart(plan: SweepPlan): PlanPart {
  const [part, ...others] = plan.parts;
  const copied = plan.presets.find(({ startTrial }) => startTrial === "last");
  const settings = countSettings({ ...part, draws: firstDraws(part.draws, 1) });
  if (copied !== undefined)
    throw bad(`--until must be under a preset whose trials differ, got ${copied.name}: take --preset paired`);
  if (others.length === 0 && settings === 1) return part;
  throw bad(
    `--until must be of one setting, since cells are compared within it, got ${Math.max(settings, plan.parts.length)}: give one value each of --preset, --samples, --features, --forget-rows, --hidden and --learning-rate, and each setting a --name of its own`,
  );
}

/** The recipes of a plan whose rounds `stepsOf` gives. */
export function recipesOf(plan: SweepPlan): CellChoice[] {
  const { methods, lambda, epochs } = onlyPart(plan);
  return methods
    .filter((method) => !isBeside(method))
    .flatMap((method) =>
      lambda[method].flatMap((one) => epochs[method].map((many) => ({ method, lambda: one, epochs: many }))),
    );
}

/** The first seeds of seeded draws, or the first of imported ones. */
function firstDraws(draws: DrawAxes, count: number): DrawAxes {
  return draws.kind === "seeded"
    ? { ...draws, dataSeeds: draws.dataSeeds.slice(0, count) }
    : { ...draws, draws: draws.draws.slice(0, count) };
}

/** What a round asks for in place of all that `plan` does: at `step` the cells of `kept`, and what they are held against; null: all cells. */
export function roundPlan(plan: SweepPlan, step: Step, kept: readonly CellChoice[] | null): SweepPlan {
  const whole = atStep(plan, onlyPart(plan), step);
  if (kept === null) return { ...plan, parts: [whole] };
  const beside = whole.methods.filter((name) => isBeside(name));
  const rivals = whole.methods.filter((name) => !isBeside(name));
  const parts = [
    ...(beside.length === 0 ? [] : [ofMethods(plan, whole, beside)]),
    ...rivals.flatMap((name) => rectangles(kept, name).map((cells) => ofCells(plan, whole, name, cells))),
  ];
  return { ...plan, parts };
}

function atStep(plan: SweepPlan, part: PlanPart, step: Step): PlanPart {
  const some = { ...part, draws: firstDraws(part.draws, step.draws) };
  return step.trials < plan.trials ? { ...some, trials: step.trials } : some;
}

/** Cells of one method that are every combination of their λ and epochs. */
interface Rectangle {
  readonly lambda: readonly number[];
  readonly epochs: readonly number[];
}

function rectangles(kept: readonly CellChoice[], method: string): Rectangle[] {
  const byLambda = new Map<number, number[]>();
  for (const cell of kept)
    if (cell.method === method) byLambda.set(cell.lambda, [...(byLambda.get(cell.lambda) ?? []), cell.epochs]);
  const byEpochs = new Map<string, { lambda: number[]; epochs: number[] }>();
  for (const [lambda, some] of byLambda) {
    const epochs = some.toSorted((a, b) => a - b);
    const alike = byEpochs.get(String(epochs)) ?? { lambda: [], epochs };
    alike.lambda.push(lambda);
    byEpochs.set(String(epochs), alike);
  }
  return [...byEpochs.values()].map(({ lambda, epochs }) => ({ lambda: lambda.sort((a, b) => a - b), epochs }));
}

function ofCells(plan: SweepPlan, whole: PlanPart, method: string, { lambda, epochs }: Rectangle): PlanPart {
  const part = ofMethods(plan, whole, [method]);
  return { ...part, lambda: { ...part.lambda, [method]: lambda }, epochs: { ...part.epochs, [method]: epochs } };
}

/** The part for some of its methods alone, with what is said of those they start from. */
function ofMethods(plan: SweepPlan, whole: PlanPart, methods: readonly string[]): PlanPart {
  const needed = new Set(withStarts(methods, plan.methods));
  const of = (values: PlanPart["lambda"]): PlanPart["lambda"] =>
    Object.fromEntries(Object.entries(values).filter(([name]) => needed.has(name)));
  return { ...whole, methods, lambda: of(whole.lambda), epochs: of(whole.epochs) };
}
