/** How the cells of a grid stand while it runs: how many are complete, and which comes nearest to retraining. */
import type { Setting } from "../config.js";
import type { SweepEvent } from "../coordinator.js";
import { arms } from "../plan.js";
import type { CellMean } from "../queries.js";
import { armKey, type Outcome } from "../trial.js";

/** The method that all others are held against. */
export const YARDSTICK = "retrain_scratch";

interface Cell {
  rows: number;
  /** Over rows that did not diverge. */
  count: number;
  sum: number;
}

/** A cell without its draw: what is compared over draws. */
interface Recipe {
  readonly label: string;
  readonly method: string;
  /** By setting: draw, net and preset. */
  readonly cells: Map<string, Cell>;
}

// Places in armKey: draw, samples, features, forget rows, hidden, learning rate, preset, method, λ, seed, start.
const DRAW_END = 4;
const METHOD = 7;
const LAMBDA = 8;

/** Running means of the forget probability of every cell; its size is that of the grid, whatever the count of trials. */
export class CellTracker {
  readonly #recipes = new Map<string, Recipe>();
  readonly #trials: number;
  readonly #cells: number;
  #complete = 0;

  constructor(settings: readonly Setting[], trials: number) {
    this.#trials = trials;
    this.#cells = settings.reduce(
      (sum, setting) => sum + arms(setting, trials).reduce((cells, { asked }) => cells + asked.length, 0),
      0,
    );
  }

  /** Takes in what was finished before. */
  seed(cells: Iterable<CellMean>): void {
    for (const { key, rows, forgetProbability } of cells) this.#add(key, rows, rows, forgetProbability * rows);
  }

  event(event: SweepEvent): void {
    if (event.kind === "landed") for (const outcome of event.outcomes) this.#land(outcome);
  }

  /** The parts of a progress line. */
  parts(): string[] {
    const nearest = this.#nearest();
    const best = nearest === null ? [] : [`nearest to retraining: ${nearest.label} (${nearest.distance.toFixed(3)})`];
    return [`${Math.min(this.#complete, this.#cells)}/${this.#cells} cells`, ...best];
  }

  #land(outcome: Outcome): void {
    const { spec } = outcome;
    if (outcome.state === "failed") {
      for (const epochs of spec.asked) this.#add([...armKey(spec), epochs], 1 + spec.copies, 0, 0);
    } else if (outcome.wanted) {
      for (const { epochs, state, forgetProbability } of outcome.rows) {
        const count = state === "done" ? 1 + spec.copies : 0;
        this.#add([...armKey(spec), epochs], 1 + spec.copies, count, count === 0 ? 0 : forgetProbability * count);
      }
    }
  }

  #add(key: readonly (string | number)[], rows: number, count: number, sum: number): void {
    const recipe = this.#recipeOf(key);
    const setting = settingOf(key);
    const cell = recipe.cells.get(setting) ?? { rows: 0, count: 0, sum: 0 };
    recipe.cells.set(setting, cell);
    const before = cell.rows;
    cell.rows += rows;
    cell.count += count;
    cell.sum += sum;
    if (before < this.#trials && cell.rows >= this.#trials) this.#complete += 1;
  }

  #recipeOf(key: readonly (string | number)[]): Recipe {
    const text = JSON.stringify(key.slice(DRAW_END));
    const known = this.#recipes.get(text);
    if (known !== undefined) return known;
    const [method, lambda, epochs] = [key[METHOD], key[LAMBDA], key[key.length - 1]];
    const recipe = { label: `${method} λ ${lambda}, ${epochs} epochs`, method: String(method), cells: new Map() };
    this.#recipes.set(text, recipe);
    return recipe;
  }

  /** The recipe whose mean forget probability is nearest to that of retraining on the same draw, on average over draws. */
  #nearest(): { label: string; distance: number } | null {
    const yardsticks = [...this.#recipes.values()].filter(({ method }) => method === YARDSTICK);
    let best: { label: string; distance: number } | null = null;
    for (const { label, method, cells } of this.#recipes.values()) {
      if (method === YARDSTICK || method === "original") continue;
      const distance = meanDistance(cells, yardsticks);
      if (distance !== null && (best === null || distance < best.distance)) best = { label, distance };
    }
    return best;
  }
}

function settingOf(key: readonly (string | number)[]): string {
  return JSON.stringify(key.slice(0, METHOD));
}

function meanDistance(cells: Map<string, Cell>, yardsticks: readonly Recipe[]): number | null {
  const distances: number[] = [];
  for (const [setting, { count, sum }] of cells) {
    for (const yardstick of yardsticks) {
      const retrained = yardstick.cells.get(setting);
      if (count === 0 || retrained === undefined || retrained.count === 0) continue;
      distances.push(Math.abs(sum / count - retrained.sum / retrained.count));
    }
  }
  return distances.length === 0 ? null : distances.reduce((a, b) => a + b, 0) / distances.length;
}
