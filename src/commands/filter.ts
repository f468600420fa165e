/** Options that leave out cells of a verdict. */
import { bad } from "../errors.js";
import type { CellKey } from "../plan/cell.js";
import { type Flags, items } from "../plan/flags.js";
import { READ } from "../plan/values.js";
import type { Sweep } from "../store/contract.js";
import { unlearns } from "../verdict/roles.js";
import { type Options, value } from "./command.js";
import { methodsMeant, NARROWING_OPTIONS, type Wanted, wantedFrom } from "./narrowing.js";

const { preset, samples, features, "forget-rows": forgetRows, hidden, "learning-rate": rate, seed } = NARROWING_OPTIONS;

export const FILTER_OPTIONS: Options = {
  draws: value(
    "only these draws: data seeds, ranges such as 1:20, or beginnings of what the column draw says",
    "all",
    "NUMBERS",
  ),
  methods: value("choose among the recipes of these methods", "all"),
  lambda: value("choose among λ such as 0.5 or 0:4, which takes all between", "all", "NUMBERS"),
  epochs: value("choose among epoch counts such as 5 or 1:20", "all", "NUMBERS"),
  ...{ preset, samples, features, "forget-rows": forgetRows, hidden, "learning-rate": rate, seed },
};

export type Filter = (cell: CellKey) => boolean;

/** Whether a cell is asked for; doing nothing and retraining are what others are held against, whatever is chosen among. */
export function filterFrom(flags: Flags, sweeps: readonly Sweep[]): Filter {
  const draws = items(flags, "draws").map(drawsIn);
  const methods = items(flags, "methods").flatMap((name) => methodsMeant("--methods", name, sweeps));
  const lambda = items(flags, "lambda").map((item) => rangeIn("--lambda", item, READ.lambda));
  const epochs = items(flags, "epochs").map((item) => rangeIn("--epochs", item, READ.epochs));
  const wanted = wantedFrom({ ...flags, lambda: undefined }, []);
  const isAny = (tests: readonly Test<number>[], value: number): boolean =>
    tests.length === 0 || tests.some((test) => test(value));
  return (cell) => {
    if (!wanted.every(({ column, values }: Wanted) => values.includes(cell[column]))) return false;
    if (draws.length > 0 && !draws.some((test) => test(cell.draw))) return false;
    if (!unlearns(cell.method)) return true;
    const isMethod = methods.length === 0 || methods.includes(cell.method);
    return isMethod && isAny(lambda, cell.lambda_reg) && isAny(epochs, cell.epochs);
  };
}

type Test<Value> = (value: Value) => boolean;

/** A data seed or a range of them, or the beginning of an imported draw's name. */
function drawsIn(item: string): Test<string> {
  if (!/^\d/.test(item)) return (draw) => draw.startsWith(item);
  const isIn = rangeIn("--draws", item, READ.seed);
  return (draw) => /^\d+$/.test(draw) && isIn(Number(draw));
}

/** A number, or FROM:TO with both ends and all between. */
function rangeIn(option: string, item: string, read: (option: string, given: string) => number): Test<number> {
  const ends = item.split(":");
  if (ends.length > 2) throw bad(`${option} must be a number or FROM:TO, got ${item}`);
  const [low, high = low] = ends.map((end) => read(option, end));
  if (high < low) throw bad(`${option} must be a range that goes up, got ${item}: write ${ends[1]}:${ends[0]}`);
  return (value) => low <= value && value <= high;
}
