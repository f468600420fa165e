/** The cells of a sweep while it is trained: how many are complete, and which comes nearest to retraining so far. */
import { CELL, CELL_NAMES, type CellKey } from "../plan/cell.js";
import { cellTemplates, trajectoriesOf } from "../plan/trajectories.js";
import type { Observer, SweepEvent } from "../run/events.js";
import type { CellMean, Sweep } from "../store/contract.js";
import type { Outcome, TrajectorySpec } from "../trial.js";
import { comparedBy, comparisons, type Judged, keyText, type NearestCell, type Recipe } from "./nearest.js";

/** How the cells of a sweep that is trained stand. */
export interface CellProgress {
  /** Those of the plan's cells whose every trial is there. */
  readonly complete: number;
  /** Those of which some trials are there: trials run one after the other, so that all cells of a draw and net come to be complete together. */
  readonly underWay: number;
  readonly planned: number;
  /** Null: no cell can be held against retraining yet. */
  readonly nearest: NearestCell | null;
  /** What the plan has several of, of the nearest one's method. */
  readonly several: readonly (keyof Recipe)[];
}

/** Keeps the running means of every cell of a sweep that is trained; it is an observer. */
export class NearestTracker {
  readonly #meansOf: (sweep: Sweep) => Promise<readonly CellMean[]>;
  /** By `trajectoryText` and, in that, by epochs. */
  readonly #byText = new Map<string, Map<number, RunningCell>>();
  readonly #cells: RunningCell[] = [];
  #several = new Map<string, readonly (keyof Recipe)[]>();
  #sweep: Sweep | null = null;
  #planned = 0;
  #rows = 0;
  #complete = 0;
  #underWay = 0;
  #landed = 0;
  #judged: { readonly landed: number; readonly nearest: NearestCell | null } | null = null;

  /** `meansOf` says what the store has of a sweep when it is opened. */
  constructor(meansOf: (sweep: Sweep) => Promise<readonly CellMean[]>) {
    this.#meansOf = meansOf;
  }

  readonly observe: Observer = async (event: SweepEvent) => {
    if (event.kind === "opened") await this.#opened(event.sweep);
    if (event.kind === "landed") for (const outcome of event.outcomes) this.#land(outcome);
  };

  get progress(): CellProgress {
    const nearest = this.#nearest();
    const several = nearest === null ? [] : (this.#several.get(nearest.method) ?? []);
    return { complete: this.#complete, underWay: this.#underWay, planned: this.#planned, nearest, several };
  }

  async #opened(sweep: Sweep): Promise<void> {
    this.#sweep = sweep;
    this.#several = severalIn([...cellTemplates(sweep.plan)]);
    for (const group of trajectoriesOf(sweep.plan, sweep.shard)) {
      for (const spec of group) {
        for (const cell of this.#cellsOf(spec)) {
          if (cell.lacking === 0) this.#planned += 1;
          cell.lacking += 1 + spec.copies;
          this.#rows += 1 + spec.copies;
        }
      }
    }
    for (const mean of await this.#meansOf(sweep)) {
      const cell = this.#cell(trajectoryText(mean), mean, mean.epochs);
      for (const trial of mean.trials) this.#arrived(cell, trial);
      cell.add(mean.done, mean.train_accuracy, mean.forget_probability);
    }
  }

  /** A failed trial leaves its cells incomplete; of a longer training, only rows that were not there are new. */
  #land(outcome: Outcome): void {
    if (outcome.state === "failed" || !outcome.wanted) return;
    const { spec, rows } = outcome;
    for (const [i, cell] of this.#cellsOf(spec).entries()) {
      const { state, measures } = rows[i];
      for (let trial = spec.trial; trial <= spec.trial + spec.copies; trial++)
        if (this.#arrived(cell, trial) && state === "done")
          cell.add(1, Number(measures.train_accuracy), Number(measures.forget_probability));
    }
  }

  /** Whether the trial was not there before. */
  #arrived(cell: RunningCell, trial: number): boolean {
    if (!cell.arrive(trial)) return false;
    this.#landed += 1;
    if (cell.lacking === 0) return true;
    if (!cell.isBegun) this.#underWay += 1;
    cell.isBegun = true;
    cell.lacking -= 1;
    if (cell.lacking > 0) return true;
    this.#underWay -= 1;
    this.#complete += 1;
    return true;
  }

  #cellsOf(spec: TrajectorySpec): RunningCell[] {
    const row = { spec, epochs: 0, profile: this.#sweep?.profile ?? "" };
    const key = Object.fromEntries(CELL.map(({ name, value }) => [name, value(row)])) as unknown as CellKey;
    const text = trajectoryText(key);
    return spec.asked.map((epochs) => this.#cell(text, key, epochs));
  }

  #cell(text: string, key: CellKey, epochs: number): RunningCell {
    const byEpochs = this.#byText.get(text) ?? new Map<number, RunningCell>();
    this.#byText.set(text, byEpochs);
    const known = byEpochs.get(epochs);
    if (known !== undefined) return known;
    const cell = new RunningCell({ ...key, epochs }, this.#sweep?.plan.trials ?? 0);
    byEpochs.set(epochs, cell);
    this.#cells.push(cell);
    return cell;
  }

  #nearest(): NearestCell | null {
    // Looking at every cell takes longer than a line of progress may in a grid of many draws.
    if (this.#judged !== null && this.#landed - this.#judged.landed < this.#rows / LOOKS) return this.#judged.nearest;
    const [first] = comparisons(this.#cells);
    const nearest = first?.nearest.at(0)?.cell ?? null;
    this.#judged = { landed: this.#landed, nearest };
    return nearest;
  }
}

const LOOKS = 500; // for the nearest, in a whole run

const TRAJECTORY = CELL_NAMES.filter((name) => name !== "epochs");

/** What the cells of one trajectory share, whatever its trial. */
function trajectoryText(key: CellKey): string {
  return keyText(key, TRAJECTORY);
}

class RunningCell implements Judged {
  readonly key: CellKey;
  readonly recipe: string;
  readonly setting: string;
  /** A bit for each trial that is there. */
  readonly #there: Uint8Array;
  /** Rows that the plan asks for and that are not there. */
  lacking = 0;
  /** Whether one of those has come to be there. */
  isBegun = false;
  /** Over rows that did not diverge. */
  done = 0;
  #accuracy = 0;
  #probability = 0;

  constructor(key: CellKey, trials: number) {
    this.key = key;
    ({ recipe: this.recipe, setting: this.setting } = comparedBy(key));
    this.#there = new Uint8Array(Math.ceil(trials / 8));
  }

  /** Whether the trial was not there before. */
  arrive(trial: number): boolean {
    const [byte, bit] = [(trial - 1) >> 3, 1 << ((trial - 1) & 7)];
    if ((this.#there[byte] & bit) !== 0) return false;
    this.#there[byte] |= bit;
    return true;
  }

  add(rows: number, accuracy: number, probability: number): void {
    this.done += rows;
    this.#accuracy += rows * accuracy;
    this.#probability += rows * probability;
  }

  get train_accuracy(): number {
    return this.#accuracy / this.done;
  }

  get forget_probability(): number {
    return this.#probability / this.done;
  }
}

/** What tells the recipes of each method apart, beside λ and epochs. */
function severalIn(templates: readonly TrajectorySpec[]): Map<string, readonly (keyof Recipe)[]> {
  const told = CELL.filter(({ name }) => !["draw", "method", "lambda_reg", "epochs", "profile"].includes(name));
  const values = new Map<string, Map<keyof Recipe, Set<string | number>>>();
  for (const spec of templates) {
    const ofMethod = values.get(spec.cell.method) ?? new Map<keyof Recipe, Set<string | number>>();
    values.set(spec.cell.method, ofMethod);
    for (const { name, value } of told) {
      const set = ofMethod.get(name as keyof Recipe) ?? new Set();
      ofMethod.set(name as keyof Recipe, set.add(value({ spec, epochs: 0, profile: "" })));
    }
  }
  return new Map(
    [...values].map(([method, columns]) => [
      method,
      [...columns].flatMap(([name, set]) => (set.size > 1 ? [name] : [])),
    ]),
  );
}
