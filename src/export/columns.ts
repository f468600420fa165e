/** What the columns of an export hold: every format keeps these types. */
import { CURVE, MEASURES } from "../measures.js";
import { ROW_KEY } from "../plan/cell.js";

export interface Column {
  readonly name: string;
  readonly type: "text" | "integer" | "real";
  /** Whether a row may have none: where none may be missing, readers need no mask. */
  readonly nullable: boolean;
}

type Kind = Omit<Column, "name">;

const KEY: Kind = { type: "integer", nullable: false };
const MEASURE: Kind = { type: "real", nullable: true };

/** To export a column that a view gains, add its record here, unless it is a measure or of a row's key. */
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...ROW_KEY.map(({ name, type }): [string, Kind] => [name, { type, nullable: name === "start_trial" }]),
  ...[...MEASURES, ...CURVE].map(({ name }): [string, Kind] => [name, MEASURE]),
  ["sweep", KEY],
  ["data_seed", { type: "integer", nullable: true }],
  ["lambda_effective", { type: "real", nullable: false }],
  ["epoch", KEY],
  ["forget_row", KEY],
  ["state", { type: "text", nullable: false }],
  ["error", { type: "text", nullable: true }],
  ["replicate_of", { type: "integer", nullable: true }],
  ["engine", { type: "text", nullable: false }],
  ["elapsed_ms", MEASURE],
  ...["trials", "done", "diverged", "failed", "missing"].map((name): [string, Kind] => [name, KEY]),
]);

export function columnOf(name: string): Column {
  const kind = KINDS.get(name) ?? (/_(mean|std)$/.test(name) ? MEASURE : undefined);
  if (kind === undefined) throw new Error(`no type is known of the column ${name}`);
  return { name, ...kind };
}
