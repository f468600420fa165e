/**
 * Reads flags. Each is read once, here or in grid.ts and request.ts, which read those of one command alone, and is a typed
 * value from then on: what a value must be, and the sentence where it is not.
 */
import { type ForgetLabel, importDraw } from "../data/directory.js";
import { ENGINE_NAMES, type EngineChoice, precisionsOf } from "../engine/engines.js";
import { ISAS, type Isa } from "../engine/fused/kernel.js";
import { bad } from "../errors.js";
import { type KeptFile, mustBeFree, mustTakeEvents } from "../output.js";
import { isDatabase, placeNamed } from "../store/places.js";
import type { DrawSource, ImportedDraw } from "../trial.js";
import { DEFAULTS } from "./defaults.js";
import type { SweepPlan } from "./plan.js";
import { PRESET_NAMES } from "./presets.js";
import { type Shard, WHOLE } from "./trajectories.js";
import { LIMITS, parseName, parseWhole, READ } from "./values.js";

/** Flags as argv or a sweep file gives them: all text, several where a flag was repeated, absent where it was not given. */
export type Flags = Readonly<Record<string, unknown>>;

/** A flag's one text; null where it was not given. */
export function text(flags: Flags, name: string): string | null {
  const value = flags[name];
  if (value === undefined) return null;
  if (Array.isArray(value)) throw bad(`--${name} must be given once, got it ${value.length} times: keep one`);
  const string = String(value);
  if (string !== "") return string;
  throw bad(`--${name} must have a value, got none: write --${name} VALUE or leave it out`);
}

export function wholeNumber(flags: Flags, name: string, min: number, max: number, fallback: number): number {
  const given = text(flags, name);
  return given === null ? fallback : parseWhole(`--${name}`, given, min, max);
}

export function oneOf<Name extends string>(flags: Flags, name: string, names: readonly Name[], fallback: Name): Name {
  const given = text(flags, name) ?? fallback;
  return parseName(`--${name}`, given, names);
}

/** Whether a switch is on: given on a command line, true in a sweep file. */
export function isOn(flags: Flags, name: string): boolean {
  const given = flags[name];
  if (given === undefined || typeof given === "boolean") return given === true;
  return oneOf(flags, name, ["true", "false"], "false") === "true";
}

/** The comma-separated items of a flag that may be repeated; none where it was not given. */
export function items(flags: Flags, name: string): string[] {
  return flags[name] === undefined ? [] : itemsIn(name, flags[name]);
}

/** The items of a value of the flag `name`. */
export function itemsIn(name: string, value: unknown): string[] {
  const list = (Array.isArray(value) ? value : [value]).flatMap((part) => String(part).split(","));
  if (list.includes(""))
    throw bad(
      `--${name} must be values separated by commas, got an empty one: remove the extra comma or leave --${name} out`,
    );
  return list;
}

/** How a sweep is trained; none of it changes what is asked for. */
export interface Running {
  readonly workers: number;
  readonly retryFailed: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly log: string | null;
  /** How long another program may hold the file. */
  readonly lockWaitMs: number;
}

/** `cores` are those of this machine; `kept` the files of the command that the log must not overwrite. */
export function runningFrom(flags: Flags, cores: number, kept: readonly KeptFile[]): Running {
  return {
    workers: wholeNumber(flags, "workers", 1, LIMITS.workers, cores),
    retryFailed: flags["retry-failed"] === true,
    quiet: flags["quiet"] === true,
    json: flags["json"] === true,
    log: logFrom(flags, kept),
    lockWaitMs: lockWaitFrom(flags),
  };
}

/** How many milliseconds another program may hold the file. */
export function lockWaitFrom(flags: Flags): number {
  return 1000 * wholeNumber(flags, "lock-wait", 0, LIMITS.lockWaitSeconds, DEFAULTS["lock-wait"]);
}

/** Where results go. */
export interface Place {
  readonly path: string;
  readonly shard: Shard;
  /** Whether the sweep that is there may get other samples, widths, presets, … than it has. */
  readonly grow: boolean;
}

export function placeFrom(flags: Flags): Place {
  return { path: fileFrom(flags, "database"), shard: shardFrom(flags), grow: flags["grow"] === true };
}

/** The sweep file that is named bare; null where there is none. */
export function sweepFileFrom(flags: Flags): string | null {
  if (flags["file"] === "") throw bad("FILE must be the name of a sweep file, got an empty one");
  return text(flags, "file");
}

/** The database file of --db, or the database of --store. */
function databaseFrom(flags: Flags): string {
  const store = storeFrom(flags);
  if (store !== null) return store;
  const path = text(flags, "db") ?? DEFAULTS.db;
  if (isDatabase(path)) throw bad(`--db must be a file, got ${placeNamed("--db", path)}: name a database with --store`);
  if (path !== ":memory:") return path;
  throw bad(`--db must be a file, since results in memory would be lost, got ${path}`);
}

/** The database of --store; null where it is not given. */
function storeFrom(flags: Flags): string | null {
  const given = text(flags, "store");
  if (given === null) return null;
  if (!isDatabase(given))
    throw bad(
      `--store must be a database as in postgres://user@host:5432/database, got ${given}: name a file with --db`,
    );
  const store = placeNamed("--store", given);
  const db = text(flags, "db");
  if (db === null) return store;
  throw bad(
    `--store must not be given with --db, since results go to one place, got ${store} and ${db}: leave one of them out`,
  );
}

/** The file of --log, null where it is not given. */
function logFrom(flags: Flags, kept: readonly KeptFile[]): string | null {
  const path = text(flags, "log");
  if (path !== null) mustTakeEvents("--log", path, kept);
  return path;
}

/** The file of weights that --out names, null where it is not given; `kept` are those of the command that it must not overwrite. */
export function weightsFrom(flags: Flags, kept: readonly KeptFile[]): string | null {
  const path = text(flags, "out");
  if (path !== null) mustBeFree({ option: "--out", path, kind: "weights", force: flags["force"] === true }, kept);
  else if (flags["force"] === true)
    throw bad("--force must be given with --out, which it is about, got it alone: leave it out");
  return path;
}

/** The number of --sweep; null where it is not given. */
export function sweepFrom(flags: Flags): number | null {
  const given = text(flags, "sweep");
  return given === null ? null : parseWhole("--sweep", given, 1, Number.MAX_SAFE_INTEGER);
}

/** The database file, or database, of a command: named bare, as the argument `bare`, or by --db or --store. */
export function fileFrom(flags: Flags, bare: "file" | "database" = "file"): string {
  const label = bare.toUpperCase();
  if (flags[bare] === "") throw bad(`${label} must be the name of a database file, got an empty one`);
  const given = text(flags, bare);
  if (given === null) return databaseFrom(flags);
  const file = placeNamed(label, given);
  const [db, store] = [text(flags, "db"), storeFrom(flags)];
  if (db === null && store === null) return file;
  const [option, other] = store === null ? ["--db", db] : ["--store", store];
  throw bad(
    `${label} must not be given with ${option}, which names the ${store === null ? "file" : "store"} too, got ${file} and ${other}: leave one of them out`,
  );
}

/** What `run` and `train` are told of their one setting. */
export interface SettingAsked {
  readonly preset: string;
  readonly draw: DrawSource;
  readonly widths: readonly number[];
  readonly learningRate: number;
  readonly seed: number;
  readonly engine: SweepPlan["engine"];
}

export function settingFrom(flags: Flags): SettingAsked {
  const rate = text(flags, "learning-rate") ?? String(DEFAULTS["learning-rate"]);
  const { name, precision } = engineFrom(flags);
  return {
    preset: oneOf(flags, "preset", PRESET_NAMES, DEFAULTS.preset),
    draw: drawFrom(flags),
    widths: READ.widths("--hidden", text(flags, "hidden") ?? DEFAULTS.hidden),
    learningRate: READ.learningRate("--learning-rate", rate),
    seed: seedFrom(flags),
    engine: { name, precision },
  };
}

/** The draw that --data, or --data-seed with its sizes, names. */
export function drawFrom(flags: Flags): DrawSource {
  const directory = text(flags, "data");
  if (directory !== null) return importedDraw(flags, directory, ["data-seed", "samples", "features", "forget-rows"]);
  refuseForgetLabel(flags);
  const given = (name: "data-seed" | "samples" | "features" | "forget-rows"): [string, string] => [
    `--${name}`,
    text(flags, name) ?? String(DEFAULTS[name]),
  ];
  return {
    kind: "seeded",
    dataSeed: READ.seed(...given("data-seed")),
    samples: READ.samples(...given("samples")),
    features: READ.features(...given("features")),
    forgetRows: READ.forgetRows(...given("forget-rows")),
  };
}

/** The draw of a folder; the flags `decided` are those that its files decide. */
export function importedDraw(flags: Flags, directory: string, decided: readonly string[]): ImportedDraw {
  const clash = decided.find((name) => flags[name] !== undefined);
  if (clash !== undefined)
    throw bad(
      `--${clash} must not be given with --data, whose files decide it, got ${String(flags[clash])}: leave one of the two out`,
    );
  return importDraw(directory, forgetLabelFrom(flags)).source;
}

/** The label of --forget-label, null where it is not given. */
export function forgetLabelFrom(flags: Flags): ForgetLabel | null {
  const given = text(flags, "forget-label");
  if (given === null) return null;
  return parseName("--forget-label", given, ["0", "1"]) === "0" ? 0 : 1;
}

/** Where the draw is a seeded one. */
export function refuseForgetLabel(flags: Flags): void {
  const label = forgetLabelFrom(flags);
  if (label !== null)
    throw bad(
      `--forget-label must be given with --data alone, since the forget rows of a seeded draw have label 0, got ${label}: leave it out`,
    );
}

export function trialsFrom(flags: Flags): number {
  return READ.trials("--trials", text(flags, "trials") ?? String(DEFAULTS.trials));
}

export function seedFrom(flags: Flags): number {
  return READ.seed("--seed", text(flags, "seed") ?? String(DEFAULTS.seed));
}

/** The engine of --engine and --precision. */
export function engineFrom(flags: Flags): EngineChoice {
  const name = oneOf(flags, "engine", ENGINE_NAMES, DEFAULTS.engine);
  const precisions = precisionsOf(name);
  const precision = parseName(`--precision of engine ${name}`, text(flags, "precision") ?? precisions[0], precisions);
  return { name, precision, isa: isaFrom() };
}

/** The kernel that GMM_SWEEP_ISA holds the fused engine to, for tests; null: the fastest that loads. */
export function isaFrom(): Isa | null {
  const isa = process.env["GMM_SWEEP_ISA"] ?? "";
  return isa === "" ? null : parseName("GMM_SWEEP_ISA", isa, ISAS);
}

const MOST_SHARDS = 100_000;

/** `--shard 3/8`, from 1; 1/1 is the whole. */
export function shardFrom(flags: Flags): Shard {
  const given = text(flags, "shard");
  if (given === null) return WHOLE;
  const [, part, parts] = /^(\d+)\/(\d+)$/.exec(given) ?? [];
  if (part === undefined || parts === undefined) throw bad(`--shard must be I/N such as 3/8, got ${given}`);
  const count = parseWhole("--shard I/N", parts, 1, MOST_SHARDS);
  const index = parseWhole("--shard I/N", part, 1, count) - 1;
  return count === 1 ? WHOLE : { index, count };
}
