/** What a cell is: one table from which keys, columns, narrowing options and titles derive. */
import { type CellSpec, drawKey, startTrial, type TrajectorySpec } from "../trial.js";
import { PRESET_NAMES } from "./presets.js";
import { parseName, READ } from "./values.js";

/** A trial row, as far as its key goes. */
interface Keyed {
  readonly spec: TrajectorySpec;
  readonly epochs: number;
  readonly profile: string;
}

interface KeyColumn {
  /** Its column in tables, views, CSV and JSON. */
  readonly name: string;
  readonly type: "text" | "integer" | "real";
  /** A cell is everything of a row's key but the trial. */
  readonly of: "cell" | "trial";
  /** What people call it. */
  readonly title: string;
  /** The option that narrows rows to one value, and what its help says; null where a command names it otherwise. */
  readonly option: { readonly name: string; readonly describe: string } | null;
  /** Whether it stands in a table of cells even where all rows have one value. */
  readonly always: boolean;
  readonly value: (row: Keyed) => string | number | null;
  /** The column's value that a text such as an option's means; `option` is what an error calls it. */
  readonly read: (option: string, given: string) => string | number;
}

const asItIs = (_option: string, given: string): string => given;
const inCell =
  (value: (cell: CellSpec) => string | number) =>
  ({ spec }: Keyed): string | number =>
    value(spec.cell);
const several = (what: string): string => `${what}, where the file has several`;

/** The key of a trial row, in the order of the digest. Built-in methods' values are those that schema 1 had. */
export const ROW_KEY = [
  {
    name: "draw",
    type: "text",
    of: "cell",
    title: "draw",
    option: { name: "draw", describe: several("its draw, as the column draw names it") },
    always: false,
    value: inCell(({ draw }) => drawKey(draw)),
    read: asItIs,
  },
  {
    name: "samples",
    type: "integer",
    of: "cell",
    title: "samples",
    option: { name: "samples", describe: several("rows of D") },
    always: false,
    value: inCell(({ draw }) => draw.samples),
    read: READ.samples,
  },
  {
    name: "features",
    type: "integer",
    of: "cell",
    title: "features",
    option: { name: "features", describe: several("features of a row") },
    always: false,
    value: inCell(({ draw }) => draw.features),
    read: READ.features,
  },
  {
    name: "forget_rows",
    type: "integer",
    of: "cell",
    title: "forget rows",
    option: { name: "forget-rows", describe: several("rows of the forget set") },
    always: false,
    value: inCell(({ draw }) => draw.forgetRows),
    read: READ.forgetRows,
  },
  {
    name: "hidden",
    type: "text",
    of: "cell",
    title: "hidden",
    option: { name: "hidden", describe: several("widths of the two hidden layers") },
    always: false,
    value: inCell(({ widths }) => widths.join(",")),
    read: (option: string, given: string) => READ.widths(option, given).join(","),
  },
  {
    name: "learning_rate",
    type: "real",
    of: "cell",
    title: "learning rate",
    option: { name: "learning-rate", describe: several("Adam's learning rate") },
    always: false,
    value: inCell(({ learningRate }) => learningRate),
    read: READ.learningRate,
  },
  {
    name: "preset",
    type: "text",
    of: "cell",
    title: "preset",
    option: { name: "preset", describe: `${PRESET_NAMES.join(" or ")}, where the file has both` },
    always: true,
    value: inCell(({ preset }) => preset),
    read: (option: string, given: string) => parseName(option, given, PRESET_NAMES),
  },
  {
    name: "method",
    type: "text",
    of: "cell",
    title: "method",
    option: null,
    always: true,
    value: inCell(({ method }) => method),
    read: asItIs,
  },
  {
    name: "lambda_reg",
    type: "real",
    of: "cell",
    title: "λ",
    option: { name: "lambda", describe: several("λ as written") },
    always: true,
    value: inCell(({ lambda }) => lambda),
    read: READ.lambda,
  },
  {
    name: "epochs",
    type: "integer",
    of: "cell",
    title: "epochs",
    option: null,
    always: true,
    value: ({ epochs }: Keyed) => epochs,
    read: READ.epochs,
  },
  {
    name: "seed",
    type: "integer",
    of: "cell",
    title: "seed",
    option: { name: "seed", describe: several("seed of the initial weights") },
    always: false,
    value: inCell(({ seed }) => seed),
    read: READ.seed,
  },
  {
    name: "trial",
    type: "integer",
    of: "trial",
    title: "trial",
    option: null,
    always: true,
    value: ({ spec }: Keyed) => spec.trial,
    read: READ.seed,
  },
  {
    name: "start_trial",
    type: "integer",
    of: "trial",
    title: "start's trial",
    option: null,
    always: false,
    value: ({ spec }: Keyed) => (spec.start === null ? null : startTrial(spec)),
    read: READ.seed,
  },
  {
    name: "start",
    type: "text",
    of: "cell",
    title: "start",
    option: { name: "start", describe: several("its start, as the column start names it") },
    always: false,
    value: inCell(({ start }) => start),
    read: asItIs,
  },
  {
    name: "profile",
    type: "text",
    of: "cell",
    title: "profile",
    option: { name: "profile", describe: several("its numerics profile, as the column profile names it") },
    always: false,
    value: ({ profile }: Keyed) => profile,
    read: asItIs,
  },
] as const satisfies readonly KeyColumn[];

type Column = (typeof ROW_KEY)[number];
type ValueOf<C extends Column> = C["name"] extends "start_trial"
  ? number | null
  : C["type"] extends "text"
    ? string
    : number;

/** The key of a trial row by the names of its columns. */
export type RowKey = { readonly [C in Column as C["name"]]: ValueOf<C> };

export const ROW_KEY_NAMES = ROW_KEY.map(({ name }) => name);

/** The table of a cell. */
export const CELL = ROW_KEY.filter((column): column is Extract<Column, { of: "cell" }> => column.of === "cell");

/** A cell's key by the names of its columns. */
export type CellKey = Omit<RowKey, "trial" | "start_trial">;

export const CELL_NAMES = CELL.map(({ name }) => name);

/** Draws as people count them, seeds by their size: what comes later stands behind what is there. */
export function drawOrder(a: string, b: string): number {
  const [m, n] = [Number(a), Number(b)];
  if (Number.isNaN(m) || Number.isNaN(n)) return a === b ? 0 : a < b ? -1 : 1;
  return m - n;
}
