/** From a command's flags to all that they ask for, as typed values: past this nobody reads a flag again. */
import { drawOf } from "../data/directory.js";
import type { EngineChoice } from "../engine/engines.js";
import { bad } from "../errors.js";
import type { KeptFile, Output } from "../files/output.js";
import { isDatabase } from "../files/places.js";
import { DEFAULTS, GRID_DEFAULTS } from "./defaults.js";
import {
  commandLine,
  type Flags,
  fileFrom,
  isaFrom,
  isOn,
  items,
  itemsFor,
  lockWaitFrom,
  type Place,
  placeFrom,
  questionFrom,
  type Running,
  runningFrom,
  settingFrom,
  sweepFileFrom,
  sweepFrom,
  text,
  trialsFrom,
  weightsFrom,
  wholeNumber,
} from "./flags.js";
import { GRID_READERS, gridFrom } from "./grid.js";
import { ownMethods } from "./method-file.js";
import { METHODS, type MethodRecord, NOTEBOOK_METHODS } from "./methods.js";
import type { More } from "./more.js";
import { meant, methodList, oneEach, parseMethod, withTwins } from "./naming.js";
import { planOfSetting } from "./one-part.js";
import type { SweepPlan } from "./plan.js";
import { type Question, questionSaid, USUAL_QUESTION } from "./question.js";
import { type NamedFile, namedFile } from "./ready.js";
import { type StoppingRule, stoppingRuleAsked } from "./stopping-rule.js";
import { gridFromFile } from "./sweep-file.js";
import { LIMITS, parseWhole } from "./values.js";

/** What a command asks for, where it goes and how it is trained. */
export interface Request {
  readonly plan: SweepPlan;
  /** What the sweep is asked where it is a new one; null: nothing is said of it. */
  readonly question: Question | null;
  readonly place: Place;
  readonly running: Running;
  /** What was typed, as it asks for the same again. */
  readonly command: string;
}

export interface GridRequest extends Request {
  /** The sweep file; null: there is none. */
  readonly file: NamedFile | null;
  readonly dryRun: boolean;
  /** When it has its answer; null: all that it asks for is trained. */
  readonly until: StoppingRule | null;
}

/** What `run` asks for, on a machine of so many cores, by the flags `asking`: one setting, one λ and one epoch count a method. */
export function runRequest(flags: Flags, cores: number, asking: readonly string[]): Request {
  const [place, setting, question] = [placeFrom(flags), settingFrom(flags), questionFrom(flags)];
  const [methodFile, withNull, trials] = [text(flags, "method-file"), isOn(flags, "with-null"), trialsFrom(flags)];
  const [named, epochs, lambda] = [items(flags, "methods"), items(flags, "epochs"), items(flags, "lambda")];
  const command = commandLine(["run"], flags, asking);
  const running = runningFrom(flags, cores, place.path);
  const own = ownMethods(methodFile);
  const known = [...METHODS, ...own];
  const list = methodList(named.length === 0 ? namesWith(NOTEBOOK_METHODS, own) : named, known);
  const methods = withNull ? withTwins(list, known) : list;
  const trained = { methods, trials, ...oneEach({ epochs, lambda }, methods, known) };
  const plan = planOfSetting({ ...setting, draw: drawOf(setting.draw) }, trained, known);
  return { plan, question: questionSaid(question), place, running, command };
}

/** The plan of `run` alone. */
export function runPlan(flags: Flags): SweepPlan {
  return runRequest(flags, 1, []).plan;
}

/** What `grid` asks for. */
export function gridRequest(flags: Flags, cores: number, asking: readonly string[]): GridRequest {
  const [word, place, methodFile] = [sweepFileFrom(flags), placeFrom(flags), text(flags, "method-file")];
  const file = word === null ? null : namedFile(word);
  const kept: KeptFile[] = file === null ? [] : [["the sweep file", file.path]];
  const [dryRun, until] = [flags["dry-run"] === true, items(flags, "until")];
  const command = commandLine(file === null ? ["grid"] : ["grid", file.word], flags, asking);
  const running = runningFrom(flags, cores, place.path, kept);
  if (running.detach && until.length > 0)
    throw bad(
      `--detach must be given without --until, since somebody has to look at each round, got --until ${until.join(",")}: leave one of them out`,
    );
  const own = ownMethods(methodFile);
  const methods = flags["methods"] ?? namesWith(GRID_DEFAULTS.methods, own);
  const asked =
    file === null ? gridFrom({ ...flags, methods }, [...METHODS, ...own]) : gridFromFile(file.path, flags, own);
  const { estimand } = asked.question ?? USUAL_QUESTION;
  return { ...asked, place, running, command, file, dryRun, until: stoppingRuleAsked(until, place.shard, estimand) };
}

/** The plan of `grid` alone, of a sweep file where there is one. */
export function gridPlan(flags: Flags, file: string | null): SweepPlan {
  return gridRequest(file === null ? flags : { ...flags, file }, 1, []).plan;
}

/** What `train` asks for: one trajectory. */
export interface TrainRequest {
  /** Of one cell. */
  readonly plan: SweepPlan;
  readonly trial: number;
  /** The file of the weights that it starts from; null: seeded ones. */
  readonly init: string | null;
  /** Where its weights go; null: nowhere. */
  readonly out: Output | null;
  readonly json: boolean;
}

/** What `train` asks for; a bare --lambda and --epochs speak of its method. */
export function trainRequest(flags: Flags): TrainRequest {
  const [method, setting] = [text(flags, "method") ?? "original", settingFrom(flags)];
  const spoken = { epochs: itemsFor(method, flags, "epochs"), lambda: itemsFor(method, flags, "lambda") };
  const [methodFile, init, json] = [text(flags, "method-file"), text(flags, "init"), flags["json"] === true];
  const [trial, out] = [wholeNumber(flags, "trial", 1, LIMITS.trials, 1), weightsFrom(flags, [])];
  const known = [...METHODS, ...ownMethods(methodFile)];
  const methods = meant(parseMethod("--method", method, known), known).map(({ name }) => name);
  if (methods.length > 1)
    throw bad(
      `--method must be one method, got ${method}, which is ${methods.length}: name one of ${methods.join(", ")}`,
    );
  const trained = { methods, trials: 1, ...oneEach(spoken, methods, known) };
  const plan = planOfSetting({ ...setting, draw: drawOf(setting.draw) }, trained, known);
  return { plan, trial, init, out, json };
}

/** The plan of `train` alone. */
export function trainPlan(flags: Flags, method: string): SweepPlan {
  return trainRequest({ ...flags, method }).plan;
}

/** What `resume` asks for: to go on with sweeps that are stored. */
export interface ResumeRequest {
  readonly path: string;
  readonly running: Running;
  /** The number of the sweep; null: none is said. */
  readonly sweep: number | null;
  /** What a sweep is to have too; null: nothing. */
  readonly more: More | null;
  /** Where imported data lie now. */
  readonly folders: readonly string[];
  /** What was typed, as it asks for the same again. */
  readonly command: string;
  /** The same, as a sweep that grows keeps it, wherever it lies. */
  readonly growth: string;
}

/** What `resume` asks for on a machine of so many cores; the flags `growing` ask for more. */
export function resumeRequest(flags: Flags, cores: number, growing: readonly string[]): ResumeRequest {
  const path = fileFrom(flags);
  const running = runningFrom(flags, cores, path);
  const [sweep, folders] = [sweepFrom(flags), items(flags, "data")];
  const command = commandLine(["resume", path], flags, ["sweep", ...growing]);
  const growth = commandLine(["resume"], flags, growing);
  const trials = flags["trials"] === undefined ? null : trialsFrom(flags);
  const withNull = isOn(flags, "with-null");
  const dataSeeds = flags["data-seeds"] === undefined ? [] : GRID_READERS["data-seeds"](flags);
  const more = trials === null && dataSeeds.length === 0 && !withNull ? null : { trials, dataSeeds, withNull };
  return { path, running, sweep, more, folders, command, growth };
}

/** What `worker` is told. */
export interface WorkerRequest {
  readonly place: string;
  readonly workers: number;
  /** The number of the sweep that it trains; null: all. */
  readonly sweep: number | null;
  /** Where imported data lie on this machine. */
  readonly folders: readonly string[];
  /** How long it waits for work; null: for ever. */
  readonly idleExitMs: number | null;
  /** How long what runs may take to end once it is to stop. */
  readonly graceMs: number;
  /** Whether it trains what another version of gmm-sweep asked for. */
  readonly allowMixed: boolean;
  readonly quiet: boolean;
  readonly lockWaitMs: number;
}

/** What `worker` is told on a machine of so many cores. */
export function workerRequest(flags: Flags, cores: number): WorkerRequest {
  const given = text(flags, "store") ?? text(flags, "database");
  if (given === null || !isDatabase(given))
    throw bad(
      `--store must name the database that hands out work, as in postgres://user@host/database, got ${given ?? "none"}: a file is trained by gmm-sweep resume`,
    );
  const place = fileFrom(flags, "database");
  const idle = text(flags, "idle-exit");
  return {
    place,
    workers: wholeNumber(flags, "workers", 1, LIMITS.workers, cores),
    sweep: sweepFrom(flags),
    folders: items(flags, "data"),
    idleExitMs: idle === null ? null : 1000 * parseWhole("--idle-exit", idle, 0, LIMITS.idleSeconds),
    graceMs: 1000 * wholeNumber(flags, "grace", 0, LIMITS.graceSeconds, DEFAULTS.grace),
    allowMixed: flags["allow-mixed"] === true,
    quiet: flags["quiet"] === true,
    lockWaitMs: lockWaitFrom(flags),
  };
}

/** The choice of an engine that a plan asks for on this machine; GMM_SWEEP_ISA is heard. */
export function choiceAsked({ engine }: SweepPlan): EngineChoice {
  return { ...engine, isa: isaFrom() };
}

/** Methods that are trained where nothing is said: those of one's own are defined to be trained. */
function namesWith(usual: readonly string[], own: readonly MethodRecord[]): string[] {
  return [...usual, ...own.map(({ name }) => name)];
}
