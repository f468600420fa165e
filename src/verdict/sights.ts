/** What there is to see of a sweep: each of its settings, with what is found of it. */
import { withoutPasswords } from "../errors.js";
import type { CellKey } from "../plan/cell.js";
import { type Question, USUAL_QUESTION } from "../plan/question.js";
import type { CellSample, Results, Sweep } from "../store/contract.js";
import { placeWords } from "../store/places.js";
import { roundsIn } from "./decisions.js";
import { type Finding, findingOf, type Narrowed } from "./finding.js";
import { unlearns } from "./roles.js";
import { lookedAt } from "./round-look.js";
import { recipeKeyOf, type Setting, settingKeyOf, settingsIn } from "./scores.js";

/** One setting of a sweep: what verdicts, figures and pages are of. */
export interface Sight {
  readonly results: Results;
  readonly sweep: Sweep;
  /** How a command line names the sweep: what is to be typed works on the file that was asked about. */
  readonly place: string;
  readonly question: Question;
  /** The cells that are asked about; of a sweep that is trained in rounds those that its last look saw. */
  readonly setting: Setting;
  readonly finding: Finding;
}

export interface SightsAsked {
  /** What is asked in place of what the sweep was. */
  readonly questionOf: (stored: Question) => Question;
  /** Whether every recipe is judged at once, too. */
  readonly all: boolean;
  /** Which cells are asked about. */
  readonly isKept: (cell: CellKey) => boolean;
}

/** The settings of a sweep in the order in which its cells come, with how many recipes they had before some were left out. */
export async function* sightsOf(
  results: Results,
  sweep: Sweep,
  { questionOf, all, isKept }: SightsAsked,
  recipes: { there: number; kept: number } = { there: 0, kept: 0 },
): AsyncGenerator<Sight> {
  const rounds = await roundsIn(results, sweep);
  const question = questionOf(sweep.question ?? USUAL_QUESTION);
  const isOnly = (await results.sweeps()).length === 1;
  const place = placeWords(withoutPasswords(results.place), isOnly ? null : sweep.id);
  const narrowing = new Narrowing();
  for (const setting of await settingsIn(kept(results.cellSamples(sweep), isKept, { recipes, narrowing }))) {
    const narrowed = narrowing.of(setting.key);
    yield {
      ...{ results, sweep, place, question, setting: lookedAt(setting, rounds) },
      finding: findingOf(sweep, setting, { question, all, rounds, narrowed }),
    };
  }
}

/** The cells that are asked for; of those of recipes it counts how many there are, and how many are left. */
async function* kept(
  cells: AsyncIterable<CellSample>,
  isKept: SightsAsked["isKept"],
  { recipes, narrowing }: { readonly recipes: { there: number; kept: number }; readonly narrowing: Narrowing },
): AsyncGenerator<CellSample> {
  for await (const cell of cells) {
    const kept = isKept(cell.key);
    narrowing.add(cell.key, kept);
    if (unlearns(cell.key.method)) {
      recipes.there += 1;
      if (kept) recipes.kept += 1;
    }
    if (kept) yield cell;
  }
}

/** Counts the draws and recipes of each setting that nothing is asked about. */
class Narrowing {
  readonly #settings = new Map<
    string,
    { readonly draws: Map<string, boolean>; readonly recipes: Map<string, boolean> }
  >();

  add(key: CellKey, isKept: boolean): void {
    const text = JSON.stringify(settingKeyOf(key));
    const seen = this.#settings.get(text) ?? { draws: new Map(), recipes: new Map() };
    this.#settings.set(text, seen);
    seen.draws.set(key.draw, isKept || seen.draws.get(key.draw) === true);
    if (!unlearns(key.method)) return;
    const recipe = JSON.stringify(recipeKeyOf(key));
    seen.recipes.set(recipe, isKept || seen.recipes.get(recipe) === true);
  }

  of(key: CellKey): Narrowed {
    const { draws, recipes } = this.#settings.get(JSON.stringify(settingKeyOf(key))) ?? NONE_SEEN;
    const leftOut = (seen: ReadonlyMap<string, boolean>): number =>
      [...seen.values()].filter((isKept) => !isKept).length;
    return { draws: leftOut(draws), recipes: leftOut(recipes) };
  }
}

const NONE_SEEN = { draws: new Map<string, boolean>(), recipes: new Map<string, boolean>() };
