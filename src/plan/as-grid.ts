/** What a grid is asked for to be the same experiment as a stored run, and more of it: a run has one draw and one recipe of each method, and does not grow. */
import { ENGINE_NAMES, precisionsOf } from "../engine/engines.js";
import { DEFAULTS, GRID_DEFAULTS } from "./defaults.js";
import { type Flags, optionsText } from "./flags.js";
import { GRID_READERS } from "./grid.js";
import { baseName, METHODS } from "./methods.js";
import type { PlanPart, SweepPlan } from "./plan.js";

/** Several recipes of a method, as options say them. */
export interface Recipes {
  readonly method: string;
  readonly lambda: string;
  readonly epochs: string;
}

/** What the grid is to have in place of what the run has: draws of these seeds, or of another folder where the run's was imported; or recipes. */
export interface Instead {
  readonly dataSeeds: string | null;
  readonly recipes: Recipes | null;
}

/** The options of the grid; of a run with methods of one's own --method-file is FILE, whose name no plan has, and of another folder --data is FOLDER. */
export function asGrid(plan: SweepPlan, instead: Instead): string {
  const [part] = plan.parts;
  const flags: Flags = {
    ...settingFlags(plan),
    ...drawFlags(part, instead.dataSeeds),
    ...recipeFlags(plan, instead.recipes),
    ...(hasOwnMethods(plan) ? { "method-file": "FILE" } : {}),
  };
  return optionsText(flags, [...Object.keys(GRID_READERS), "method-file"]);
}

/** Where the grid goes, as a shell has it, and the number of the run there; it has a name of its own where other sweeps are there, of which one may be called grid. */
interface Place {
  readonly place: string;
  readonly id: number;
  readonly isOnly: boolean;
}

/** The same as a command. */
export function gridLine(plan: SweepPlan, instead: Instead, { place, id, isOnly }: Place): string {
  return `gmm-sweep grid ${place}${isOnly ? "" : ` --name of-sweep-${id}`} ${asGrid(plan, instead)}`;
}

/** Whether a plan has methods that were defined in a file. */
export function hasOwnMethods({ methods }: SweepPlan): boolean {
  return methods.some(({ name }) => !METHODS.some((built) => built.name === name));
}

/** A method's values as an item of --lambda or --epochs: those of unlearn need no name. */
export function recipeItem(method: string, values: string): string {
  return method === "unlearn" ? values : `${method}=${values}`;
}

type Said = readonly (readonly [name: string, value: string, usual: unknown])[];

/** Those that say something else than what a grid has where nothing is said. */
function unusual(said: Said): Flags {
  return Object.fromEntries(said.flatMap(([name, value, usual]) => (value === `${usual}` ? [] : [[name, value]])));
}

function settingFlags({ parts: [part], trials, seed, engine }: SweepPlan): Flags {
  const { name, precision } = engine;
  return unusual([
    ["preset", part.presets.join(","), GRID_DEFAULTS.preset],
    ["hidden", part.widths[0].join(","), DEFAULTS.hidden],
    ["learning-rate", part.learningRates.join(","), DEFAULTS["learning-rate"]],
    ["trials", `${trials}`, DEFAULTS.trials],
    ["seed", `${seed}`, DEFAULTS.seed],
    ["engine", name, DEFAULTS.engine],
    ["precision", precision, ENGINE_NAMES.includes(name) ? precisionsOf(name)[0] : null],
  ]);
}

function drawFlags({ draws }: PlanPart, dataSeeds: string | null): Flags {
  if (draws.kind === "imported") return { data: dataSeeds === null ? draws.draws[0].directory : "FOLDER" };
  return unusual([
    ["data-seeds", dataSeeds ?? draws.dataSeeds.join(","), DEFAULTS["data-seed"]],
    ["samples", draws.samples.join(","), DEFAULTS.samples],
    ["features", draws.features.join(","), DEFAULTS.features],
    ["forget-rows", draws.forgetRows.join(","), DEFAULTS["forget-rows"]],
  ]);
}

function recipeFlags({ parts: [part], methods }: SweepPlan, recipes: Recipes | null): Flags {
  const itemsOf = (name: "lambda" | "epochs"): string => {
    const items = methods.flatMap((record) => {
      const method = baseName(record.name);
      const values = recipes?.method === method ? recipes[name] : part[name][record.name].join(",");
      return values === `${record[name]}` ? [] : recipeItem(method, values);
    });
    return [...new Set(items)].join(",");
  };
  return unusual([
    ["methods", [...new Set(part.methods.map(baseName))].join(","), GRID_DEFAULTS.methods.join(",")],
    ["lambda", itemsOf("lambda"), ""],
    ["epochs", itemsOf("epochs"), ""],
  ]);
}
