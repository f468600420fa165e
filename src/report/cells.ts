/** How the cells of a grid stand while it runs: how many are complete, and which comes nearest to retraining. */
import type { SweepEvent } from "../run/coordinator.js";
import type { CellMean } from "../store/sqlite/queries.js";
import { armKey, type Outcome, type TrajectorySpec } from "../trial.js";

/** The method that all others are held against; it and the method that they start from are not held against it. */
const YARDSTICK = "retrain_scratch";
const NOT_JUDGED = [YARDSTICK, "original"];

type Key = readonly (string | number)[];

// Places in armKey, whose first four are the draw.
const DRAW_END = 4;
const PLACES = { hidden: 4, learningRate: 5, preset: 6, method: 7, lambda: 8, start: 10 } as const;

interface Cell {
  readonly recipe: Recipe;
  /** The draw and all else that a cell shares with the retraining it is held against. */
  readonly setting: string;
  /** Rows that the plan asks for and that are not there. */
  lacking: number;
  /** Over rows that did not diverge. */
  count: number;
  sum: number;
  /** A bit for each trial that is there. */
  readonly there: Uint8Array;
}

/** A cell without its draw: what is compared over draws. */
interface Recipe {
  readonly key: Key;
  readonly epochs: number;
  readonly cells: Cell[];
}

/** Running means of the forget probability of every cell. */
export class CellTracker {
  readonly #trials: number;
  /** By armKey and, in that, by epochs. */
  readonly #arms = new Map<string, Map<number, Cell>>();
  readonly #recipes = new Map<string, Recipe>();
  readonly #planned: number;
  #complete = 0;
  #landed = 0;
  #judged = { landed: Number.NEGATIVE_INFINITY, text: null as string | null };
  readonly #rows: number;

  /** `plan` is all that a run is to have at its end, finished or not; `trials` its largest trial number. */
  constructor(plan: Iterable<readonly TrajectorySpec[]>, trials: number) {
    this.#trials = trials;
    let [cells, rows] = [0, 0];
    for (const spec of flat(plan)) {
      for (const cell of this.#cellsOf(armKey(spec), spec.asked)) {
        if (cell.lacking === 0) cells += 1;
        cell.lacking += 1 + spec.copies;
        rows += 1 + spec.copies;
      }
    }
    this.#planned = cells;
    this.#rows = rows;
  }

  /** Takes in what was finished before, of cells that the plan does not ask for too. */
  seed(cells: Iterable<CellMean>): void {
    for (const { key, trials, done, forgetProbability } of cells) {
      const [cell] = this.#cellsOf(key.slice(0, -1), [Number(key[key.length - 1])]);
      for (const trial of trials) this.#arrived(cell, trial);
      cell.count += done;
      cell.sum += done * forgetProbability;
    }
  }

  event(event: SweepEvent): void {
    if (event.kind === "landed") for (const outcome of event.outcomes) this.#land(outcome);
  }

  /** The parts of a progress line. */
  parts(): string[] {
    const nearest = this.#nearest();
    return [
      `${this.#complete}/${this.#planned} cells`,
      ...(nearest === null ? [] : [`nearest to retraining: ${nearest}`]),
    ];
  }

  /** A failed trial leaves its cells incomplete; of a longer training, only rows that were not there are new. */
  #land(outcome: Outcome): void {
    if (outcome.state === "failed" || !outcome.wanted) return;
    const { spec, rows } = outcome;
    for (const [i, cell] of this.#cellsOf(armKey(spec), spec.asked).entries()) {
      for (let trial = spec.trial; trial <= spec.trial + spec.copies; trial++) {
        if (!this.#arrived(cell, trial) || rows[i].state !== "done") continue;
        cell.count += 1;
        cell.sum += rows[i].forgetProbability;
      }
    }
  }

  /** Whether the trial was not there before. */
  #arrived(cell: Cell, trial: number): boolean {
    const [byte, bit] = [(trial - 1) >> 3, 1 << ((trial - 1) & 7)];
    if ((cell.there[byte] & bit) !== 0) return false;
    cell.there[byte] |= bit;
    this.#landed += 1;
    if (cell.lacking > 0 && --cell.lacking === 0) this.#complete += 1;
    return true;
  }

  #cellsOf(key: Key, epochs: readonly number[]): Cell[] {
    const name = JSON.stringify(key);
    const arm = this.#arms.get(name) ?? new Map<number, Cell>();
    this.#arms.set(name, arm);
    return epochs.map((count) => {
      const cell = arm.get(count) ?? this.#newCell(key, count);
      arm.set(count, cell);
      return cell;
    });
  }

  #newCell(key: Key, epochs: number): Cell {
    const name = JSON.stringify([...key.slice(DRAW_END), epochs]);
    const recipe = this.#recipes.get(name) ?? { key, epochs, cells: [] };
    this.#recipes.set(name, recipe);
    const setting = JSON.stringify(key.slice(0, PLACES.method));
    const there = new Uint8Array(Math.ceil(this.#trials / 8));
    const cell = { recipe, setting, lacking: 0, count: 0, sum: 0, there };
    recipe.cells.push(cell);
    return cell;
  }

  /** The recipe whose mean forget probability is nearest to that of retraining on the same draw, on average over draws. */
  #nearest(): string | null {
    // Looking at every cell takes longer than a line of progress may in a grid of many draws.
    if (this.#landed - this.#judged.landed < this.#rows / LOOKS) return this.#judged.text;
    const yardsticks = this.#yardsticks();
    let best: { recipe: Recipe; distance: number } | null = null;
    for (const recipe of this.#recipes.values()) {
      if (NOT_JUDGED.includes(String(recipe.key[PLACES.method]))) continue;
      const distance = meanDistance(recipe.cells, yardsticks);
      if (distance !== null && (best === null || distance < best.distance)) best = { recipe, distance };
    }
    const text = best === null ? null : `${this.#label(best.recipe)} (${best.distance.toFixed(3)} away)`;
    this.#judged = { landed: this.#landed, text };
    return text;
  }

  /** Mean forget probability of retraining in each setting: of the least λ at the most epochs, where there are several. */
  #yardsticks(): Map<string, number> {
    const recipes = [...this.#recipes.values()].filter(({ key }) => key[PLACES.method] === YARDSTICK);
    recipes.sort((a, b) => Number(b.key[PLACES.lambda]) - Number(a.key[PLACES.lambda]) || a.epochs - b.epochs);
    const cells = recipes.flatMap((recipe) => recipe.cells).filter(({ count }) => count > 0);
    return new Map(cells.map(({ setting, sum, count }) => [setting, sum / count]));
  }

  /** The method, λ and epochs; of the preset, widths, learning rate and start what the grid has several of. */
  #label({ key, epochs }: Recipe): string {
    const method = key[PLACES.method];
    const alike = [...this.#recipes.values()].filter((recipe) => recipe.key[PLACES.method] === method);
    const told = [PLACES.preset, PLACES.hidden, PLACES.learningRate, PLACES.start]
      .filter((place) => alike.some((recipe) => recipe.key[place] !== key[place]))
      .map((place) => key[place]);
    return [`${method} λ ${key[PLACES.lambda]}`, epochs === 1 ? "1 epoch" : `${epochs} epochs`, ...told].join(", ");
  }
}

const LOOKS = 500; // for the nearest, in a whole run

function* flat(plan: Iterable<readonly TrajectorySpec[]>): Generator<TrajectorySpec> {
  for (const group of plan) yield* group;
}

function meanDistance(cells: readonly Cell[], yardsticks: ReadonlyMap<string, number>): number | null {
  let [sum, count] = [0, 0];
  for (const cell of cells) {
    const retrained = yardsticks.get(cell.setting);
    if (cell.count === 0 || retrained === undefined) continue;
    sum += Math.abs(cell.sum / cell.count - retrained);
    count += 1;
  }
  return count === 0 ? null : sum / count;
}
